"""Server-sent events: how they are written, and the stream of an answer."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

from fastapi.sse import format_sse_event
from starlette.responses import StreamingResponse

MEDIA_TYPE = "text/event-stream"
PING = b": ping\n\n"
PING_SECONDS = 15.0
# Proxies are not to keep events back.
_HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def event(name: str, data: Any) -> bytes:
    """Return an event of that name, its data as JSON."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False)
    return format_sse_event(event=name, data_str=text)


def stream(events: AsyncIterator[bytes]) -> StreamingResponse:
    """Return events as a response; the iterator is closed when the caller has gone."""
    return StreamingResponse(events, media_type=MEDIA_TYPE, headers=_HEADERS)
