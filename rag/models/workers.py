"""The threads that models run on: one for each processor, for all sessions together.

Every call is cut into small pieces, each of which one thread computes alone. That scales better on
few cores than several threads on one piece, nobody spins while waiting, and a hundred callers make
no more threads than one. Calls are served in the order in which they came, so that ten people who
ask at once do not all wait for the slowest.

Work in the background waits for every question. On Linux it has threads of its own, of a lower
priority, since a question that is encoded meanwhile competes with the piece that is under way.
"""

from __future__ import annotations

import itertools
import os
import queue
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

T = TypeVar("T")
_behind: ContextVar[bool] = ContextVar("behind", default=False)
# A thread of priority 0 gets nine times as much of a processor as one of this.
BEHIND = 10


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

    def __init__(self, threads: int, priority: int = 0) -> None:
        self._threads = threads
        self._priority = priority
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
        step_back(self._priority, threading.get_native_id())
        while True:
            self._waiting.get()[3]()


def results(tasks: Sequence[Callable[[], T]]) -> Iterator[T]:
    """Yield the tasks' results in their order.

    A single one, such as a question, is computed here: handing it over costs a tenth of it, and it
    would wait for what the workers have begun.
    """
    if len(tasks) == 1 and not _behind.get():
        return (task() for task in tasks)
    return workers().map(tasks)


def workers() -> Workers:
    """Return the workers for what this thread is about to ask."""
    # Only Linux gives a single thread a priority.
    return _pool(BEHIND if _behind.get() and sys.platform == "linux" else 0)


@cache
def _pool(priority: int) -> Workers:
    """Start the workers of this process; from here on numpy's products run on one thread, too.

    Its own threads would compete with these for the same processors: a product that takes 1 ms
    alone was seen to take 50 beside them.
    """
    threadpool_limits(1, "blas")
    return Workers(processors(), priority)


def step_back(priority: int, task: int = 0) -> None:
    """Give a process or, on Linux, a thread at least this priority number: a higher one is less."""
    if hasattr(os, "setpriority") and os.getpriority(os.PRIO_PROCESS, task) < priority:
        os.setpriority(os.PRIO_PROCESS, task, priority)


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
