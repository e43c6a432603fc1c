"""Calls of a provider's server: the retry rule, a deadline for every piece, calls side by side."""

from __future__ import annotations

import queue
import random
import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

from rag.errors import ProviderError

T = TypeVar("T")
FIRST_WAIT = 0.5
LONGEST_WAIT = 20.0


def persistently(
    call: Callable[[float], T],
    seconds: float,
    retries: int,
    sleep: Callable[[float], object] = time.sleep,
) -> tuple[T, int]:
    """Call until it works; returns the result and the number of further tries.

    ``call`` gets the seconds that are left. After a `ProviderError` that is passing it waits as
    long as the server asks, else twice as long as before (and up to a quarter more, so that callers
    spread). A wait of more than `LONGEST_WAIT`, or beyond ``seconds``, is not waited for: the error
    is raised at once, as it is when ``sleep`` returns something true (it was stopped).
    """
    ends = time.monotonic() + seconds
    tries = 0
    while True:
        try:
            return call(ends - time.monotonic()), tries
        except ProviderError as error:
            wait = error.wait
            if wait is None:
                wait = FIRST_WAIT * 2**tries * (1 + random.random() / 4)  # noqa: S311 - spreads, guards nothing
            too_long = wait > LONGEST_WAIT or wait >= ends - time.monotonic()
            if not error.passing or tries >= retries or too_long or sleep(wait):
                raise
            tries += 1


@dataclass(frozen=True, slots=True)
class _End:
    """The end of a stream, with the error that ended it, if any."""

    error: Exception | None = None


def within(
    pieces: Iterator[T],
    seconds: float,
    hang_up: Callable[[], None],
    is_progress: Callable[[T], bool],
) -> Generator[T, None, None]:
    """Yield ``pieces``; raises `TimeoutError` if no progress comes for ``seconds``.

    The seconds begin anew after each piece that ``is_progress``; what the caller does with such a
    piece does not count. A read time-out on the socket is not enough: servers that queue a request
    send comments or empty pieces to keep the connection open, and those count as data. ``hang_up``
    is called if the stream is left early, so that the thread which reads it ends.
    """
    box: queue.SimpleQueue[T | _End] = queue.SimpleQueue()
    threading.Thread(target=_pump, args=(pieces, box), name="ranklens-llm", daemon=True).start()
    ends = time.monotonic() + seconds
    finished = False
    try:
        while True:
            try:
                item = box.get(timeout=max(0.0, ends - time.monotonic()))
            except queue.Empty:
                raise TimeoutError from None
            if isinstance(item, _End):
                finished = True
                if item.error:
                    raise item.error
                return
            progress = is_progress(item)
            if not progress and time.monotonic() >= ends:  # a full queue never makes `get` wait
                raise TimeoutError
            yield item
            if progress:
                ends = time.monotonic() + seconds
    finally:
        if not finished:
            hang_up()


def _pump(pieces: Iterator[T], box: queue.SimpleQueue[T | _End]) -> None:
    try:
        for piece in pieces:
            box.put(piece)
    except Exception as error:  # noqa: BLE001 - handed to the thread that waits, and raised there
        box.put(_End(error))
    else:
        box.put(_End())


def side_by_side(calls: Sequence[Callable[[], T]], workers: int) -> list[T]:
    """Run calls in parallel, at most ``workers`` at a time; the first failure ends it all."""
    if len(calls) == 1:
        return [calls[0]()]
    pool = ThreadPoolExecutor(max_workers=max(1, min(workers, len(calls))))
    try:
        return [future.result() for future in [pool.submit(call) for call in calls]]
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
