"""Work that runs ahead of whoever uses its results."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import TypeVar

T = TypeVar("T")
UNDER_WAY = 2


def ahead(tasks: Iterable[Callable[[], T]]) -> Iterator[T]:
    """Yield the tasks' results in order, while the next ones run in threads of their own.

    What a task raises is raised in its turn. A caller that ends early does not wait: tasks that
    have not begun are dropped, and the results of others are thrown away.
    """
    threads = ThreadPoolExecutor(UNDER_WAY, thread_name_prefix="ahead")
    running: deque[Future[T]] = deque()
    try:
        for task in tasks:
            running.append(threads.submit(copy_context().run, task))
            if len(running) > UNDER_WAY:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        threads.shutdown(wait=False, cancel_futures=True)
