"""Work that runs ahead of the code that uses its results."""

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
    begun = (threads.submit(copy_context().run, task) for task in tasks)
    running: deque[Future[T]] = deque(islice(begun, UNDER_WAY))

    def results() -> Iterator[T]:
        try:
            while running:
                running.extend(islice(begun, 1))
                yield running.popleft().result()
        finally:
            threads.shutdown(wait=False, cancel_futures=True)

    return results()
