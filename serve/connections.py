"""Connections of `ranklens serve` whose callers do not take what was sent are cut."""

from __future__ import annotations

import time
from asyncio import Transport
from collections.abc import Callable, Iterable
from typing import Protocol


class OpenConnection(Protocol):
    """What uvicorn keeps of a connection."""

    transport: Transport


class Unread:
    """Looks at the server's connections from time to time.

    `Delivery` bounds what is being sent. What the server has buffered after that, the end of a
    reply or of one that was given up, stays until its caller reads it or is cut here.
    """

    def __init__(self, connections: Callable[[], Iterable[OpenConnection]], seconds: float) -> None:
        self._connections = connections
        self._seconds = seconds
        self._seen: dict[Transport, tuple[int, float]] = {}

    async def look(self) -> None:
        """Cut connections whose buffer has not changed, or that only close, for too long."""
        now, seen = time.monotonic(), {}
        for transport in [one.transport for one in self._connections()]:
            size = transport.get_write_buffer_size()
            if not size:
                continue
            before, since = self._seen.get(transport, (0, now))
            stuck = size == before or transport.is_closing()
            seen[transport] = size, since if stuck else now
            if stuck and now - since >= self._seconds:
                transport.abort()
        self._seen = seen
