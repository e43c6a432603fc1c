"""The API's own server: `ranklens serve`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import uvicorn

from serve import process
from serve.app import alone
from serve.library import OpenLibrary

if TYPE_CHECKING:
    from ranklens.library import Library


def run(library: Library, host: str, port: int) -> None:
    """Serve the API of an open library until the process is asked to stop."""
    process.prepare()
    opened = OpenLibrary(lambda: library, lambda: library.settings)
    config = uvicorn.Config(
        alone(opened, host), host=host, port=port, access_log=False, server_header=False
    )
    with suppress(KeyboardInterrupt):  # a server that was asked to stop is done
        uvicorn.Server(config).run()
