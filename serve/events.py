"""Server-sent events: how they are written, and how the progress of something is followed."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.sse import format_sse_event
from starlette.exceptions import HTTPException
from starlette.responses import StreamingResponse

from serve.replies import EVENT, EVENT_STREAM, described

PING = b": ping\n\n"
PING_SECONDS = 15.0
CHECK_SECONDS = 15.0  # between looks whether the caller may still follow
MOST = 100  # streams of progress at a time
LOOK = 0.25  # seconds between looks at what is followed
EVENTS = described("Server-sent events.", {EVENT_STREAM: EVENT})
Look = Callable[[], Coroutine[Any, Any, tuple[bool, Any]]]
# Proxies are not to keep events back.
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def event(name: str, data: Any) -> bytes:
    """Return an event of that name, its data as JSON."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    return format_sse_event(event=name, data_str=text)


def stream(events: AsyncIterator[bytes]) -> StreamingResponse:
    """Return events as a response; the iterator is closed when the caller has gone."""
    return StreamingResponse(events, media_type=EVENT_STREAM, headers=_HEADERS)


def admit(request: Request) -> None:
    """Raise `HTTPException` (429) if too many follow something already."""
    if request.app.state.followers >= MOST:
        detail = f"{MOST} streams of progress are open already; ask for the state instead."
        raise HTTPException(429, detail, {"Retry-After": "5"})


async def follow(request: Request, what: str, look: Look) -> AsyncIterator[bytes]:
    """Yield `progress` whenever what ``look`` returns has changed, and `done` at its end.

    ``look`` returns whether that is the end, and the data; all who follow the same, which ``what``
    names, share what it returns, each account by itself. The stream ends early if the server stops,
    or the caller's right: whoever follows asks again.
    """
    state = request.app.state
    if caller := request.scope.get("state", {}).get("caller"):
        what = f"{caller.account}\n{what}"  # what one account sees, no other one is shown
    state.followers += 1
    try:
        async for one in _changes(request, what, look):
            yield one
    finally:
        state.followers -= 1
        if not state.followers:
            state.looks.clear()


@dataclass(frozen=True, slots=True)
class SharedLook:
    """A look that is under way or done, and when it began."""

    began: float
    found: asyncio.Future[tuple[bool, Any]]


async def _shared(looks: dict[str, SharedLook], what: str, look: Look) -> tuple[bool, Any]:
    """Return what the last look found, of whichever follower; look again if it is too old."""
    now, last = time.monotonic(), looks.get(what)
    if last is None or now - last.began >= LOOK:
        last = looks[what] = SharedLook(now, asyncio.ensure_future(look()))
    return await asyncio.shield(last.found)  # others wait for it too


async def _changes(request: Request, what: str, look: Look) -> AsyncIterator[bytes]:
    state, checked = request.app.state, time.monotonic()
    before, quiet = None, 0.0
    while not state.stopping.begun():
        if time.monotonic() - checked >= CHECK_SECONDS:
            if await _refused(request):
                return
            checked = time.monotonic()
        ends, data = await _shared(state.looks, what, look)
        if ends:
            yield event("done", data)
            return
        if data != before:
            yield event("progress", data)
            before, quiet = data, 0.0
        elif quiet >= PING_SECONDS:
            yield PING
            quiet = 0.0
        await asyncio.sleep(LOOK)
        quiet += LOOK


async def _refused(request: Request) -> bool:
    """Return whether the caller would not be answered any more: its key or role is gone."""
    refused = request.scope.get("state", {}).get("refused")
    return refused is not None and await refused() is not None
