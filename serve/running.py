"""The API's own server: `ranklens serve`."""

from __future__ import annotations

import copy
import math
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.config import LOGGING_CONFIG

from serve.app import alone
from serve.connections import Unread
from serve.library import OpenLibrary
from serve.requests import log
from serve.stopping import CUT

if TYPE_CHECKING:
    from ranklens.library import Library


def run(library: Library, host: str, port: int) -> None:
    """Serve the API of an open library until the process is asked to stop."""
    opened = OpenLibrary(lambda: library, lambda: library.settings)
    settings = library.settings
    config = uvicorn.Config(
        alone(opened, host), host=host, port=port, log_config=_logging(), access_log=False,
        server_header=False, timeout_graceful_shutdown=math.ceil(settings.api_stop_seconds + CUT),
    )  # fmt: skip
    server = uvicorn.Server(config)
    unread = Unread(lambda: server.server_state.connections, settings.api_reply_seconds)
    config.callback_notify, config.timeout_notify = unread.look, 0
    with suppress(KeyboardInterrupt):  # a server that was asked to stop is done
        server.run()


def _logging() -> dict[str, Any]:
    """Return uvicorn's logging with a line for every request, which has its id."""
    config = copy.deepcopy(LOGGING_CONFIG)
    config["loggers"][log.name] = {"handlers": ["default"], "level": "INFO", "propagate": False}
    return config
