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
        async with stopping.Stopping().listening(0.05, 0, lambda: given_up.append("once")):
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)  # an echo ends nothing
            await asyncio.sleep(0.5)

    try:
        asyncio.run(serve())
    finally:
        signal.signal(signal.SIGTERM, before)
    assert given_up == ["once"]


def test_a_server_that_is_asked_to_stop_answers_on_for_a_while():
    """The signal reaches the server itself only then; until then it is not ready, and works."""
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _frame: heard.append(number))
    stops = stopping.Stopping()

    async def serve() -> list[tuple[bool, bool, int]]:
        async with stops.listening(60, 0.3):
            seen = [(stops.leaving(), stops.begun(), len(heard))]
            signal.raise_signal(signal.SIGTERM)
            signal.raise_signal(signal.SIGTERM)  # an echo
            await asyncio.sleep(0)
            seen.append((stops.leaving(), stops.begun(), len(heard)))
            while not stops.begun():
                await asyncio.sleep(0.01)
            return [*seen, (stops.leaving(), stops.begun(), len(heard))]

    try:
        seen = asyncio.run(serve())
    finally:
        signal.signal(signal.SIGTERM, before)
    assert seen == [(False, False, 0), (True, False, 0), (True, True, 1)]


def test_ctrl_c_stops_at_once():
    heard: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: heard.append(number))
    stops = stopping.Stopping()

    async def serve() -> bool:
        async with stops.listening(60, 60):
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(0)
            return stops.begun()

    try:
        assert asyncio.run(serve())
    finally:
        signal.signal(signal.SIGINT, before)
    assert heard == [signal.SIGINT]
