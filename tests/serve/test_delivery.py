"""Slow callers that keep taking are served; the time they have is not one for the whole reply."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

from starlette.responses import Response

from serve.delivery import PIECE, Delivery


def delivered(size: int, wait: float, seconds: float) -> list[int]:
    """Return the sizes of the pieces that a caller took who needs ``wait`` for each."""
    taken: list[int] = []

    async def send(message: dict[str, object]) -> None:
        if message["type"] == "http.response.body":
            await asyncio.sleep(wait)
            taken.append(len(message["body"]))

    opened = SimpleNamespace(settings=SimpleNamespace(api_reply_seconds=seconds))
    delivery = Delivery(Response(b"x" * size), opened)
    asyncio.run(delivery({"type": "http"}, None, send))
    return taken


def test_a_caller_that_takes_piece_after_piece_gets_all():
    assert delivered(10 * PIECE + 1, wait=0.05, seconds=0.2) == [PIECE] * 10 + [1, 0]


def test_one_that_stops_taking_is_given_up():
    assert delivered(10 * PIECE, wait=0.5, seconds=0.2) == []
