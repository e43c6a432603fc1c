"""The API's own server: `ranklens serve`."""

from __future__ import annotations

import copy
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.config import LOGGING_CONFIG

from serve.app import alone
from serve.library import OpenLibrary
from serve.requests import log

if TYPE_CHECKING:
    from ranklens.library import Library


def run(library: Library, host: str, port: int) -> None:
    """Serve the API of an open library until the process is asked to stop."""
    opened = OpenLibrary(lambda: library, lambda: library.settings)
    config = uvicorn.Config(
        alone(opened, host), host=host, port=port, log_config=_logging(), access_log=False,
        server_header=False,
    )  # fmt: skip
    with suppress(KeyboardInterrupt):  # a server that was asked to stop is done
        uvicorn.Server(config).run()


def _logging() -> dict[str, Any]:
    """Return uvicorn's logging with a line for every request, which has its id."""
    config = copy.deepcopy(LOGGING_CONFIG)
    config["loggers"][log.name] = {"handlers": ["default"], "level": "INFO", "propagate": False}
    return config
