"""Asking in a conversation: a follow-up is rewritten, searched, answered aside, checked and logged.

`ask` returns as soon as the passages are ranked; the answer is written in a thread of its own
(`ranklens.conversing.writing`).
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rag.chat.rewrite import Exchange
from rag.chat.store import Turn
from rag.chat.writing import Writing
from rag.errors import RanklensError
from rag.generate.check import judged
from rag.generate.support import checked
from rag.llm.client import LanguageModel
from rag.retrieve.filters import EVERYTHING, Filter
from rag.retrieve.question import checked_question
from rag.settings import Settings, from_visitor
from rag.types import Answer, Trace
from ranklens import interleaving
from ranklens.answering import rewrite
from ranklens.connection import NO_MODEL
from ranklens.conversing import collection_of
from ranklens.monitoring import record

if TYPE_CHECKING:
    from rag.pipeline import Pipeline
    from ranklens.library import Library

log = logging.getLogger(__name__)

EVERY = 0.2  # seconds between two looks at documents that are being indexed
NO_CHANGES: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PendingQuestion:
    """A question that waits to be searched.

    ``replaces`` is the turn whose place it takes; with ``rest`` the turns after that one leave too.
    ``quoted`` has the documents quoted, whatever else writes the answers. It waits until the
    documents named in ``after`` are indexed.
    """

    text: str
    replaces: Turn | None = None
    rest: bool = False
    quoted: bool = False
    after: tuple[str, ...] = ()


def ask(
    library: Library,
    pending: PendingQuestion,
    history: Sequence[Turn] = (),
    chat: str | None = None,
    within: Filter = EVERYTHING,
    model: Mapping[str, Any] = NO_CHANGES,
    collection: str = "",
    stop: threading.Event | None = None,
    on_stage: Callable[[str], None] = lambda _stage: None,
    **options: Any,
) -> Turn:
    """Search for a question, keep it as a turn, and start its answer in the background.

    ``history`` are the turns that it may refer to, ``chat`` the conversation that it is added to
    (None begins one). ``options`` are settings that a visitor chose (`from_visitor`), ``model`` the
    model that writes for this session (`ranklens.connection.changes`). A conversation that begins
    is held in ``collection`` and stays there; "all" asks all documents. An @name in the question
    takes the place of ``within``. ``on_stage`` gets what is being done, in words. Raises
    `RanklensError`, also once ``stop`` is set; nothing is kept then.
    """
    stop = stop or threading.Event()
    _until_indexed(library, pending.after, stop, on_stage)
    asked = checked_question(pending.text, library.settings)
    writer = NO_MODEL if pending.quoted else model
    chosen = {**writer, **from_visitor(library.settings, options)}
    pair = None if pending.replaces else interleaving.wanted(library, options)
    held_in = collection_of(library, chat) if chat else collection
    pipeline = library.pipeline_in(held_in).with_settings(**chosen).until(stop)
    question, named = pipeline.mentioned(asked)
    pipeline = pipeline.within((named or within).inside(pipeline.asked_within.collection))
    if history:
        on_stage("Reading the question in its conversation…")
    rewritten = rewrite(question, [Exchange.of(turn) for turn in history], pipeline.settings)
    _unless(stop)
    on_stage("Searching…")
    searched = rewritten.question
    found = interleaving.search(pipeline, pair, searched) if pair else pipeline.search(searched)
    trace = rewritten.kept_in(pipeline.widen(found))
    _unless(stop)
    turn = _kept(library, pending, asked, trace, chat, pipeline.asked_within.collection)
    if pair:
        interleaving.keep(library, pair, turn)
    _start_answer(library, pipeline, turn)
    return turn


def _kept(
    library: Library, pending: PendingQuestion, asked: str, trace: Trace, chat: str | None,
    collection: str,
) -> Turn:  # fmt: skip
    """Keep a question's rankings as a turn: in another one's place, or the last of a chat."""
    kept = library.conversations
    if pending.replaces:
        turn = kept.replace(pending.replaces, asked, trace, pending.rest)
        library.writings.pop(pending.replaces.id, None)
        return turn
    begun = chat or kept.start(asked, library.collections.number(collection))
    return kept.add(begun, asked, trace)


def _start_answer(library: Library, pipeline: Pipeline, turn: Turn) -> None:
    library.writings[turn.id] = Writing(
        library.conversations,
        turn,
        pipeline.answer(turn.trace),
        partial(_checked, library, pipeline.settings),
        lambda trace: record(library, trace, "page", turn.id),
    )


def _until_indexed(
    library: Library,
    names: Collection[str],
    stop: threading.Event,
    on_stage: Callable[[str], None],
) -> None:
    """Wait while one of these documents is queued or being indexed."""
    while names and not stop.is_set():
        waiting = [
            document.name
            for document in library.documents()
            if document.name in names and document.status in ("queued", "indexing")
        ]
        if not waiting:
            return
        on_stage(f"Indexing {waiting[0]}…")
        stop.wait(EVERY)


def _unless(stop: threading.Event) -> None:
    if stop.is_set():
        raise RanklensError("the question was stopped")


class Asking:
    """A question while it is rewritten and searched, in a thread of its own: `ask`, to be stopped.

    What is stopped ends as soon as the model, retriever or reranker at work returns; its result is
    dropped.
    """

    def __init__(
        self, library: Library, pending: PendingQuestion, *args: Any, **options: Any
    ) -> None:
        """Start; the arguments are those of `ask`."""
        self.pending = pending
        self.stage = "Searching…"
        self.turn: Turn | None = None
        self.problem: RanklensError | None = None
        self._stop, self._ended = threading.Event(), threading.Event()
        options |= {"stop": self._stop, "on_stage": partial(setattr, self, "stage")}
        work = partial(ask, library, pending, *args, **options)
        threading.Thread(target=self._run, args=(work,), name="ranklens-ask", daemon=True).start()

    def stop(self) -> None:
        """Give up."""
        self._stop.set()

    def wait(self, seconds: float) -> bool:
        """Wait for at most ``seconds``; return whether there is a turn or a problem."""
        return self._ended.wait(seconds)

    def _run(self, work: Callable[[], Turn]) -> None:
        try:
            self.turn = work()
        except RanklensError as error:
            self.problem = error
        except Exception:  # outermost frame of this thread: the page must not wait for ever
            log.exception("the question failed")
            self.problem = RanklensError("unexpected error; details are in the server log")
        self._ended.set()


def _checked(library: Library, settings: Settings, answer: Answer, trace: Trace) -> Answer:
    judge = None
    if settings.llm_judge and settings.llm_model:
        judge = partial(judged, LanguageModel(settings, retries=0))
    return checked(answer, trace.asked, trace.given, library.encoder, judge)
