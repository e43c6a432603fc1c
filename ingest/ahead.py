"""Work that runs ahead of whoever uses its results."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from itertools import islice
from typing import TypeVar

T = TypeVar("T")
UNDER_WAY = 2


def ahead(tasks: Iterable[Callable[[], T]]) -> Iterator[T]:
    """Begin with the first tasks and return the results of all in order.

    While a result is used the next tasks run in threads of their own. What a task raises is raised
    in its turn. A caller that ends early does not wait: tasks that have not begun are dropped, and
    the results of others are thrown away.
    """
    threads = ThreadPoolExecutor(UNDER_WAY, thread_name_prefix="ahead")
    waiting = iter(tasks)
    running = deque(_begun(threads, task) for task in islice(waiting, UNDER_WAY))
    return _results(threads, waiting, running)


def _results(
    threads: ThreadPoolExecutor, waiting: Iterator[Callable[[], T]], running: deque[Future[T]]
) -> Iterator[T]:
    try:
        while running:
            running += (_begun(threads, task) for task in islice(waiting, 1))
            yield running.popleft().result()
    finally:
        threads.shutdown(wait=False, cancel_futures=True)


def _begun(threads: ThreadPoolExecutor, task: Callable[[], T]) -> Future[T]:
    return threads.submit(copy_context().run, task)
