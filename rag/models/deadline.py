"""A task in a thread of its own that is waited for only so long, or until nobody wants its result.

A thread cannot be killed: one that hangs is left behind (it is a daemon, so it never keeps the
process alive) and its result is thrown away. What computes for it can ask `abandoned`.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

from rag.errors import RanklensError

T = TypeVar("T")
LOOK = 0.05  # seconds between looks at `stop`
_gone: ContextVar[threading.Event | None] = ContextVar("gone", default=None)


def within(
    seconds: float,
    task: Callable[[], T],
    name: str,
    late: RanklensError,
    stop: threading.Event | None = None,
) -> T:
    """Return a task's result, or raise what it raises.

    Raises ``late`` after ``seconds``, and `RanklensError` once ``stop`` is set. ``name`` is the
    thread's.
    """
    result: Future[T] = Future()
    gone = threading.Event()

    def run() -> None:
        _gone.set(gone)
        try:
            result.set_result(task())
        # The boundary to other people's models and clients: anything may come, nothing may pass.
        except Exception as error:  # noqa: BLE001
            result.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    if not _is_there(result, seconds, stop):
        gone.set()
        raise RanklensError("stopped: nobody waits for it any more") if _set(stop) else late
    return result.result()


@contextmanager
def until(stop: threading.Event | None) -> Iterator[None]:
    """Let what this thread computes meanwhile be abandoned once ``stop`` is set."""
    token = _gone.set(stop)
    try:
        yield
    finally:
        _gone.reset(token)


def abandoned() -> Callable[[], bool]:
    """Return what tells, from any thread, whether this thread's result is still waited for."""
    gone = _gone.get()
    return gone.is_set if gone else lambda: False


def _is_there(result: Future[T], seconds: float, stop: threading.Event | None) -> bool:
    end = time.monotonic() + seconds
    while not result.done() and not _set(stop) and (left := end - time.monotonic()) > 0:
        wait([result], min(left, LOOK) if stop else left)
    return result.done()


def _set(stop: threading.Event | None) -> bool:
    return stop is not None and stop.is_set()
