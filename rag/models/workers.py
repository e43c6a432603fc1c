"""The threads that models run on: one for each processor, for all sessions together.

Every call is cut into small pieces, each of which one thread computes alone. That scales better on
few cores than several threads on one piece, nobody spins while waiting, and a hundred callers make
no more threads than one. Calls are served in the order in which they came, so that ten people who
ask at once do not all wait for the slowest; work in the background waits for every question.
"""

from __future__ import annotations

import itertools
import os
import queue
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

T = TypeVar("T")
_behind: ContextVar[bool] = ContextVar("behind", default=False)


@contextmanager
def in_background() -> Iterator[None]:
    """Let what this thread asks of the workers wait until nobody else asks for anything."""
    token = _behind.set(True)
    try:
        yield
    finally:
        _behind.reset(token)


class Workers:
    """Runs pieces of work in the order in which their calls came."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._calls = itertools.count()
        self._waiting: queue.PriorityQueue[tuple[bool, int, int, Callable[[], None]]]
        self._waiting = queue.PriorityQueue()
        for number in range(threads):
            threading.Thread(target=self._work, name=f"model {number}", daemon=True).start()

    def map(self, tasks: Iterable[Callable[[], T]]) -> Iterator[T]:
        """Yield the tasks' results in their order; few are under way at a time."""
        call = (_behind.get(), next(self._calls))
        running: deque[Future[T]] = deque()
        try:
            for number, task in enumerate(tasks):
                running.append(self._submit(call, number, task))
                if len(running) > self._threads + 1:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for left in running:
                left.cancel()

    def _submit(self, call: tuple[bool, int], number: int, task: Callable[[], T]) -> Future[T]:
        future: Future[T] = Future()
        self._waiting.put((*call, number, lambda: _run(future, task)))
        return future

    def _work(self) -> None:
        while True:
            self._waiting.get()[3]()


@cache
def workers() -> Workers:
    """Return the workers of this process; from here on numpy's products run on one thread, too.

    Its own threads would compete with these for the same processors: a product that takes 1 ms
    alone was seen to take 50 beside them.
    """
    threadpool_limits(1, "blas")
    return Workers(processors())


def processors() -> int:
    """Return the processors that this process may use, not those of the machine."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _run(future: Future[Any], task: Callable[[], Any]) -> None:
    if not future.set_running_or_notify_cancel():
        return
    try:
        future.set_result(task())
    # Whatever it is, it belongs to the caller, and the thread goes on to the next piece.
    except BaseException as error:  # noqa: BLE001
        future.set_exception(error)
