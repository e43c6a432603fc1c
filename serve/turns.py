"""Turns: so many requests are worked on at once, some more wait, and the rest is sent away.

FastAPI reads the body before it asks for a turn, so a slow sender holds up nobody.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
from anyio import to_thread
from fastapi import Request
from starlette.exceptions import HTTPException

from serve.access import below_mount
from serve.policy import rule_of

SPARE_THREADS = 16
LOOK = 0.2  # seconds between looks whether somebody who waits has gone


class Turns:
    """A queue for ``at_once`` turns, in order; ``waiting`` at most wait, for ``seconds`` each."""

    def __init__(self, at_once: int, waiting: int, seconds: float) -> None:
        self._free = anyio.CapacityLimiter(at_once)
        self._room = waiting
        self._seconds = seconds

    @asynccontextmanager
    async def turn(self, request: Request) -> AsyncIterator[None]:
        """Hold a turn; raises `HTTPException` (429) if there is none in time."""
        waiting = self._free.statistics().tasks_waiting
        if self._free.available_tokens <= 0 and waiting >= self._room:
            raise self._busy("the queue is full")
        _keep_threads_free(self._free.total_tokens)
        holder = object()
        if not await self._acquired(holder, request):
            raise self._busy(f"no turn came within {self._seconds:g} seconds")
        try:
            yield
        finally:
            self._free.release_on_behalf_of(holder)

    async def _acquired(self, holder: object, request: Request) -> bool:
        acquired = False
        async with anyio.create_task_group() as group:
            group.start_soon(_leave_when_gone, request, group.cancel_scope)
            with anyio.move_on_after(self._seconds):
                await self._free.acquire_on_behalf_of(holder)
                acquired = True
            group.cancel_scope.cancel()
        return acquired

    def _busy(self, why: str) -> HTTPException:
        again = max(1, round(self._seconds / 2))
        detail = f"The server is busy: {why}. Try again in {again} seconds."
        return HTTPException(429, detail, {"Retry-After": str(again)})


def _keep_threads_free(at_once: float) -> None:
    """Have threads left for what takes no turn (keys, progress), however many turns there are."""
    threads = to_thread.current_default_thread_limiter()
    threads.total_tokens = max(threads.total_tokens, at_once + SPARE_THREADS)


async def in_turn(request: Request) -> AsyncIterator[None]:
    """Hold a turn for the time of a request, if its rule in the policy asks for one."""
    if not rule_of(request.method, below_mount(request.scope)).wait:
        yield
        return
    turns: Turns = request.app.state.turns
    async with turns.turn(request):
        yield


async def _leave_when_gone(request: Request, scope: anyio.CancelScope) -> None:
    while not await request.is_disconnected():
        await anyio.sleep(LOOK)
    scope.cancel()
