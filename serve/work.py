"""Long work of a route: in a thread, and asked to stop when its caller has gone."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TypeVar

from anyio import to_thread
from fastapi import Request

LOOK = 0.2  # seconds between looks whether the caller has gone
Result = TypeVar("Result")


async def in_thread(request: Request, work: Callable[[threading.Event], Result]) -> Result:
    """Run ``work`` in a thread and return its result.

    The event that it is given is set when the caller has gone or the server stops; ``work`` should
    then end soon, with whatever result. The turn of the request is held until it has ended.
    """
    stop = threading.Event()
    watch = asyncio.create_task(_stop_when_gone(request, stop))
    try:
        return await to_thread.run_sync(work, stop)
    finally:
        stop.set()
        watch.cancel()


async def _stop_when_gone(request: Request, stop: threading.Event) -> None:
    while not await request.is_disconnected():
        await asyncio.sleep(LOOK)
    stop.set()
