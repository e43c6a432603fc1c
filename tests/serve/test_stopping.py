"""What does not end when the server is asked to stop is given up."""

from __future__ import annotations

import asyncio
import signal

import pytest

from serve import stopping


def test_what_is_left_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(stopping, "LAST", 0.05)
    monkeypatch.setattr(stopping, "CUT", 0.1)
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    given_up = []

    async def serve() -> None:
        async with stopping.Stopping().listening(0.05, lambda: given_up.append("once")):
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)  # an echo ends nothing
            await asyncio.sleep(0.5)

    try:
        asyncio.run(serve())
    finally:
        signal.signal(signal.SIGTERM, before)
    assert given_up == ["once"]
