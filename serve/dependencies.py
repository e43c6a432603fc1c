"""What a route is given: `Opened`, the library."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from serve.library import OpenLibrary

if TYPE_CHECKING:
    from ranklens.library import Library


async def _opened(request: Request) -> Any:
    opened: OpenLibrary = request.app.state.opened
    return opened.if_open or await run_in_threadpool(opened.get)


if TYPE_CHECKING:
    Opened = Library
else:  # without the class: its module brings the engine, which is loaded when a library is opened
    Opened = Annotated[Any, Depends(_opened)]
