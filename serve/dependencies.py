"""What a route is given: `Opened`, the library."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from ranklens import Library
from serve.library import OpenLibrary


async def _opened(request: Request) -> Library:
    opened: OpenLibrary = request.app.state.opened
    if opened.if_open is not None:
        return opened.if_open
    return await run_in_threadpool(opened.get)


Opened = Annotated[Library, Depends(_opened)]
