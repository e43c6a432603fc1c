"""Many short calls of a language model: side by side, each with a deadline, every failure listed.

What a reply means is the caller's business: a reply that cannot be read is asked for once more,
then it is a failure like any other. After three calls in a row without any reply the rest is not
tried.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from rag.errors import ProviderError, RanklensError
from rag.evaluate.progress import OnProgress
from rag.llm.client import LanguageModel
from rag.llm.reply import Reply
from rag.rerank.breaker import LIMIT
from rag.settings import Settings
from rag.text.plural import plural
from rag.text.quoting import defused, estimate_tokens, shorten
from rag.types import Scalar

T = TypeVar("T")
TRIES = 2
ROOM_FOR_REPLY = 600  # tokens
EVERY = 0.2  # seconds between looks at the stop


@dataclass(frozen=True, slots=True)
class ModelCall(Generic[T]):
    """One thing to ask. ``about`` names it if it fails.

    ``read`` returns what a reply means; raises `ValueError` if that is not clear.
    """

    about: str
    system: str
    user: str
    read: Callable[[str], T]


@dataclass(frozen=True, slots=True)
class CallsOutcome:
    """What became of ``total`` calls. ``used`` are calls, retries, tokens and, if known, cost.

    ``made`` were read and kept; what is in neither ``made`` nor ``failures`` was not tried.
    """

    total: int
    made: int
    failures: tuple[str, ...]
    used: Mapping[str, Scalar]
    stopped: bool = False


@dataclass(slots=True)
class _Result(Generic[T]):
    """What one call came to: its replies, and the value that was read from the last, or a failure.

    A call without a reply counts as silent.
    """

    value: T | None = None
    failure: str = ""
    replies: list[Reply] = field(default_factory=list)


def fitted(text: str, settings: Settings, instructions: str) -> str:
    """Return a passage as data that fits the model's window beside the instructions."""
    room = settings.llm_context - estimate_tokens(instructions) - ROOM_FOR_REPLY
    return defused(shorten(text, max(100, room)))


def ask_all(
    model: LanguageModel,
    calls: Sequence[ModelCall[T]],
    keep: Callable[[int, T], None],
    on_progress: OnProgress | None = None,
    stop: threading.Event | None = None,
) -> CallsOutcome:
    """Make the calls, ``rerank_concurrency`` at a time, and ``keep`` each value as it comes.

    ``keep`` gets the call's place and its value, in this thread. If it is stopped, or no reply
    comes any more, what has been kept stays.
    """
    halt, stop = threading.Event(), stop or threading.Event()
    workers = min(model.settings.rerank_concurrency, max(1, len(calls)))
    pool = ThreadPoolExecutor(max_workers=workers)
    places = {pool.submit(_asked, model, call, halt): place for place, call in enumerate(calls)}
    waiting: set[Future[_Result[T]]] = set(places)
    failures: list[str] = []
    replies: list[Reply] = []
    made = silent = 0
    progress = on_progress or (lambda _done, _total: None)
    progress(0, len(calls))
    try:
        while waiting and not stop.is_set() and silent < LIMIT:
            ready, waiting = wait(waiting, EVERY, FIRST_COMPLETED)
            for future in ready:
                result = future.result()
                replies += result.replies
                silent = 0 if result.replies else silent + 1
                failure = result.failure or _kept(keep, places[future], result.value)
                if failure:
                    failures.append(f"{calls[places[future]].about}: {failure}")
                made += not failure
            progress(len(calls) - len(waiting), len(calls))
    finally:
        halt.set()
        pool.shutdown(wait=False, cancel_futures=True)
    if waiting and not stop.is_set():
        untried = plural(len(waiting), "more was", "more were")
        failures.append(f"{untried} not tried: {LIMIT} calls in a row had no reply")
    return CallsOutcome(len(calls), made, tuple(failures), model.used(replies), stop.is_set())


def _kept(keep: Callable[[int, T], None], place: int, value: T | None) -> str:
    """Keep a value; returns why that failed (its document was removed meanwhile), or nothing."""
    assert value is not None  # noqa: S101 - a result without a failure has one
    try:
        keep(place, value)
    except RanklensError as error:
        return str(error)
    return ""


def _asked(model: LanguageModel, call: ModelCall[T], halt: threading.Event) -> _Result[T]:
    result: _Result[T] = _Result(failure="not tried")
    ends = time.monotonic() + model.seconds
    for _ in range(TRIES):
        if halt.is_set():
            break
        try:
            reply = model.chat(call.system, call.user, ends - time.monotonic())
        except ProviderError as error:
            result.failure = str(error)
            break
        result.replies.append(reply)
        try:
            result.value, result.failure = call.read(reply.text), ""
            return result
        except ValueError as error:
            written = model.endpoint.clean(reply.text) or "nothing"
            result.failure = reply.problem or f"{error}; {model.model} wrote: {written}"
    return result
