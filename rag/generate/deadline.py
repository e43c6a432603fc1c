"""A deadline for every next piece of a stream, whatever the connection does meanwhile."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeVar

T = TypeVar("T")


class _Done(Generic[T]):
    """The end of the stream, with the error that ended it, if any."""

    def __init__(self, error: Exception | None = None) -> None:
        self.error = error


def within(pieces: Iterator[T], seconds: float, close: Callable[[], None]) -> Iterator[T]:
    """Yield ``pieces``; raises `TimeoutError` when the next one takes longer than ``seconds``.

    A read time-out on the socket is not enough: servers that queue a request send comments to
    keep the connection open, and those count as data. ``close`` is called when the stream is left
    early, so that the thread which reads it ends.
    """
    box: queue.SimpleQueue[T | _Done[T]] = queue.SimpleQueue()
    threading.Thread(target=_pump, args=(pieces, box), name="ranklens-llm", daemon=True).start()
    finished = False
    try:
        while True:
            try:
                item = box.get(timeout=seconds)
            except queue.Empty:
                raise TimeoutError from None
            if isinstance(item, _Done):
                finished = True
                if item.error:
                    raise item.error
                return
            yield item
    finally:
        if not finished:
            close()


def _pump(pieces: Iterator[T], box: queue.SimpleQueue[T | _Done[T]]) -> None:
    try:
        for piece in pieces:
            box.put(piece)
    except Exception as error:  # noqa: BLE001 - handed to the thread that waits, and raised there
        box.put(_Done(error))
    else:
        box.put(_Done())
