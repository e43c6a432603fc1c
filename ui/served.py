"""What the page's server does beside the page: `/metrics`, and closing the library.

Light to import: the server imports it before it listens.
"""

from __future__ import annotations

import atexit
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route

if TYPE_CHECKING:
    from starlette.requests import Request

    from ranklens.library import Library

TEXT = "text/plain; version=0.0.4; charset=utf-8"
_open: list[Library] = []


def opened(library: Library) -> None:
    """Note the library of this process; it is closed when the process or its server ends."""
    _open[:] = [library]
    atexit.register(library.close)


def routes() -> list[Route]:
    """Return what is served beside the page; `ui.guard` decides to whom, as for every route."""
    return [Route("/metrics", _metrics)]


async def _metrics(_request: Request) -> Response:
    return Response(await run_in_threadpool(_rendered), media_type=TEXT)


def _rendered() -> bytes:
    from ranklens import monitoring

    return monitoring.metrics(_open[0] if _open else None)


@asynccontextmanager
async def lifespan(_app: object) -> AsyncIterator[None]:
    """Close what is open when the server stops: a signal ends the process without `atexit`."""
    yield
    await run_in_threadpool(_close)


def _close() -> None:
    if (monitoring := sys.modules.get("ranklens.monitoring")) is not None:
        monitoring.close()
    while _open:
        library = _open.pop()
        atexit.unregister(library.close)
        library.close()
