"""The API's own server: `ranklens serve`."""

from __future__ import annotations

import copy
import errno
import math
import os
import socket
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.config import LOGGING_CONFIG

from rag.errors import RanklensError
from serve.app import alone
from serve.connections import Unread
from serve.library import OpenLibrary
from serve.requests import log
from serve.stopping import CUT

if TYPE_CHECKING:
    from ranklens.library import Library


def listening_socket(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address of this machine; port 0 is any free one.

    Raises `RanklensError` if that cannot be.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
    except OSError as error:
        raise RanklensError(f"--host {host} is no address of this machine") from error
    bound = socket.socket(family, kind, protocol)
    try:
        if os.name == "posix":  # a port whose last server has just ended is free
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        why = {
            errno.EADDRINUSE: "another program listens there; choose another with --port N",
            errno.EADDRNOTAVAIL: "that is no address of this machine",
            errno.EACCES: "ports below 1024 are not for every user; choose another with --port N",
        }.get(error.errno or 0, error.strerror)
        raise RanklensError(f"cannot listen on {host}, port {port}: {why}") from error
    return bound


def run(library: Library, host: str, listening: socket.socket) -> None:
    """Serve the API of an open library until the process is asked to stop.

    ``listening`` is bound to ``host``.
    """
    opened = OpenLibrary(lambda: library, lambda: library.settings)
    settings = library.settings
    config = uvicorn.Config(
        alone(opened, host), log_config=_logging(), access_log=False,
        server_header=False, timeout_graceful_shutdown=math.ceil(settings.api_stop_seconds + CUT),
    )  # fmt: skip
    server = uvicorn.Server(config)
    unread = Unread(lambda: server.server_state.connections, settings.api_reply_seconds)
    config.callback_notify, config.timeout_notify = unread.look, 0
    with suppress(KeyboardInterrupt):  # a server that was asked to stop is done
        server.run(sockets=[listening])


def _logging() -> dict[str, Any]:
    """Return uvicorn's logging with a line for every request, which has its id."""
    config = copy.deepcopy(LOGGING_CONFIG)
    config["loggers"][log.name] = {"handlers": ["default"], "level": "INFO", "propagate": False}
    return config
