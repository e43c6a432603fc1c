"""Many short calls of a language model: side by side, each with a deadline, every failure told.

What a reply means is the caller's business: a reply that cannot be read is asked for once more,
then it is a failure like any other. After three calls in a row that got no reply at all the rest is
not tried.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from rag.errors import RanklensError
from rag.llm.remote import Fault
from rag.llm.thinking import answered
from rag.rerank.base import Context
from rag.rerank.breaker import LIMIT
from rag.rerank.llm import Chat, Reply, missing
from rag.settings import Settings
from rag.text.plural import plural
from rag.text.quoting import defused, estimate_tokens, shorten
from rag.types import Scalar

T = TypeVar("T")
TRIES = 2
ROOM_FOR_REPLY = 600  # tokens
EVERY = 0.2  # seconds between looks at the stop
Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """One thing to ask. ``about`` names it where it fails.

    ``read`` returns what a reply means; raises `ValueError` where that is not clear.
    """

    about: str
    system: str
    user: str
    read: Callable[[str], T]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of ``total`` calls. ``used`` are calls, retries, tokens and, if known, cost.

    ``made`` were read and kept; what is in neither ``made`` nor ``failures`` was not tried.
    """

    total: int
    made: int
    failures: tuple[str, ...]
    used: Mapping[str, Scalar]
    stopped: bool = False


@dataclass(slots=True)
class _Spoken(Generic[T]):
    """What one call came to: a value, or a failure; ``silent`` where no reply came at all."""

    value: T | None = None
    failure: str = ""
    silent: bool = False
    replies: list[Reply] = field(default_factory=list)


def chat_for(settings: Settings) -> Chat:
    """Return the chat of the settings; raises `RanklensError` that says how to set one."""
    if settings.llm_model and settings.llm_provider != "openai":
        raise RanklensError(
            f"{settings.llm_provider} cannot be asked for this; choose an OpenAI-compatible "
            "endpoint on the page Answers (llm_provider, llm_base_url, llm_model)"
        )
    # Nothing of a context but its settings is looked at.
    if reason := missing(Context(settings, None)):  # type: ignore[arg-type]
        raise RanklensError(reason)
    return Chat(settings)


def fitted(text: str, settings: Settings, instructions: str) -> str:
    """Return a passage as data that fits the model's window beside the instructions."""
    room = settings.llm_context - estimate_tokens(instructions) - ROOM_FOR_REPLY
    return defused(shorten(text, max(100, room)))


def ask_all(
    chat: Chat, settings: Settings, calls: Sequence[Call[T]], keep: Callable[[int, T], None],
    told: Told = lambda _done, _total: None, stop: threading.Event | None = None,
) -> Outcome:  # fmt: skip
    """Make the calls, ``rerank_concurrency`` at a time, and ``keep`` each value as it comes.

    ``keep`` gets the call's place and its value, in this thread. Where it is stopped, or no reply
    comes any more, what has been kept stays.
    """
    halt, stop = threading.Event(), stop or threading.Event()
    pool = ThreadPoolExecutor(max_workers=min(settings.rerank_concurrency, max(1, len(calls))))
    asked = {
        pool.submit(_spoken, chat, settings.llm_seconds, call, halt): place
        for place, call in enumerate(calls)
    }
    waiting: set[Future[_Spoken[T]]] = set(asked)
    failures: list[str] = []
    replies: list[Reply] = []
    made = silent = 0
    told(0, len(calls))
    try:
        while waiting and not stop.is_set() and silent < LIMIT:
            ready, waiting = wait(waiting, EVERY, FIRST_COMPLETED)
            for future in ready:
                spoken = future.result()
                replies += spoken.replies
                silent = silent + 1 if spoken.silent else 0
                failure = spoken.failure or _kept(keep, asked[future], spoken.value)
                if failure:
                    failures.append(f"{calls[asked[future]].about}: {failure}")
                made += not failure
            told(len(calls) - len(waiting), len(calls))
    finally:
        halt.set()
        pool.shutdown(wait=False, cancel_futures=True)
    if waiting and not stop.is_set():
        untried = plural(len(waiting), "more was", "more were")
        failures.append(f"{untried} not tried: {LIMIT} calls in a row had no reply")
    return Outcome(len(calls), made, tuple(failures), chat.details(replies), stop.is_set())


def _kept(keep: Callable[[int, T], None], place: int, value: T | None) -> str:
    """Keep a value; returns why that failed (its document was removed meanwhile), or nothing."""
    assert value is not None
    try:
        keep(place, value)
    except RanklensError as error:
        return str(error)
    return ""


def _spoken(chat: Chat, seconds: float, call: Call[T], halt: threading.Event) -> _Spoken[T]:
    found: _Spoken[T] = _Spoken()
    ends = time.monotonic() + seconds
    for _ in range(TRIES):
        if halt.is_set():
            found.failure = "not tried"
            return found
        try:
            reply = chat.ask(call.system, call.user, ends - time.monotonic())
        except Fault as fault:
            found.failure, found.silent = str(fault), True
            return found
        found.replies.append(reply)
        try:
            found.value = call.read(answered(reply.text))
        except ValueError as error:
            found.failure = f"{error}; {chat.model} wrote: {chat.server.clean(reply.text)}"
        else:
            found.failure = ""
            return found
    return found
