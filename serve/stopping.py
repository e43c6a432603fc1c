"""Stopping in good order: nothing new, what runs may end within a bound, then it is cut off."""

from __future__ import annotations

import asyncio
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
LAST = 1.0  # seconds between being asked to end and being cut off
CUT = 2 * LAST  # seconds, from then too, until connections that did not close are given up
AGAIN = 1.0  # seconds after which another SIGTERM is no echo of the first


class Stopping:
    """Whether the server stops, and what still runs.

    The server itself (uvicorn) waits for requests and connections without end, and learns of a
    signal alone; so this listens too.
    """

    def __init__(self) -> None:
        self._leaving = threading.Event()
        self._begun = threading.Event()
        self._overdue = threading.Event()
        self._running: set[asyncio.Task[object]] = set()

    def leaving(self) -> bool:
        """Whether the server was asked to stop: it may still answer, but wants no requests."""
        return self._leaving.is_set()

    def begun(self) -> bool:
        """Whether the server stops: new requests are refused, streams end."""
        return self._begun.is_set()

    def overdue(self) -> bool:
        """Whether the time for what runs is over: it should end now, with what it has."""
        return self._overdue.is_set()

    @contextmanager
    def running(self) -> Iterator[None]:
        """Count the current task as a running request."""
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a request is always one
        self._running.add(task)
        try:
            yield
        finally:
            self._running.discard(task)

    @asynccontextmanager
    async def listening(
        self,
        seconds: float,
        drain: float = 0.0,
        give_up: Callable[[], object] = lambda: None,
    ) -> AsyncIterator[None]:
        """Listen for signals, for a server's lifetime; requests have ``seconds`` to end then.

        From SIGTERM on everything goes on for ``drain`` seconds first, so that a load balancer
        learns that the server leaves before it refuses anything. ``give_up`` is called if
        connections are left after all that. It should end the process.
        """
        loop = asyncio.get_running_loop()

        def begin() -> None:
            if self.begun():
                return
            self._begun.set()
            loop.call_later(seconds, self._overdue.set)
            loop.call_later(seconds + LAST, self._cut_off)
            loop.call_later(seconds + CUT, give_up)

        def stop(then: Callable[[], object]) -> None:
            begin()
            then()

        def leave(number: int, then: Callable[[], object]) -> None:
            first = not self.leaving()
            self._leaving.set()
            if number != signal.SIGTERM or not drain:
                loop.call_soon_threadsafe(begin)
                then()
            elif first:
                loop.call_soon_threadsafe(loop.call_later, drain, stop, then)

        with _on_signals(leave):
            yield

    def _cut_off(self) -> None:
        for task in self._running:
            task.cancel()


def end(number: int = signal.SIGTERM) -> None:
    """End the process as a signal does that nobody handles."""
    signal.signal(number, signal.SIG_DFL)
    signal.raise_signal(number)


@contextmanager
def _on_signals(act: Callable[[int, Callable[[], object]], object]) -> Iterator[None]:
    """Call ``act`` at a signal with its number and what is called anyway, for it to call.

    Only the main thread gets any. A second SIGTERM ends the process at once.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in SIGNALS}
    asked: list[float] = []

    def handle(number: int, frame: FrameType | None) -> None:
        if number == signal.SIGTERM:
            asked.append(time.monotonic())
            if asked[-1] - asked[0] > AGAIN:
                end(number)
        then = before[signal.Signals(number)]
        act(number, partial(then, number, frame) if callable(then) else lambda: None)

    for number in SIGNALS:
        signal.signal(number, handle)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
