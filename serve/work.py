"""Long work of a route: in a thread, and asked to stop when its caller has gone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from anyio import to_thread
from fastapi import Request

from serve.stopping import Stopping

LOOK = 0.2  # seconds between looks whether the caller has gone
Result = TypeVar("Result")


async def in_thread(
    request: Request,
    work: Callable[[threading.Event], Result],
    on_gone: Callable[[], None] = lambda: None,
) -> Result:
    """Run ``work`` in a thread and return its result.

    The event that it is given is set when the caller has gone or the server stops, and ``on_gone``
    is called; ``work`` should then end soon, with any result. The turn of the request is held until
    it has ended.
    """
    stop = threading.Event()

    def end() -> None:
        stop.set()
        on_gone()

    async with when_gone(request, end):
        return await to_thread.run_sync(work, stop)


@asynccontextmanager
async def when_gone(request: Request, end: Callable[[], None]) -> AsyncIterator[None]:
    """Call ``end`` as soon as the caller has gone or the server stops, if that comes first."""

    async def watch() -> None:
        stopping: Stopping = request.app.state.stopping
        while not (stopping.overdue() or await request.is_disconnected()):
            await asyncio.sleep(LOOK)
        end()

    watching = asyncio.create_task(watch())
    try:
        yield
    finally:
        watching.cancel()
