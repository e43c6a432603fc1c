"""Asking in a conversation: a follow-up is rewritten, searched, answered aside, checked and logged.

`ask` returns as soon as the passages are ranked; the answer is written in a thread of its own, and
`writing` is that answer for as long as it is not complete.
"""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rag.chat.export import markdown
from rag.chat.rewrite import Exchange
from rag.chat.store import Conversation, Turn
from rag.chat.writing import Writing
from rag.errors import RanklensError
from rag.evaluate.judgements import feedback
from rag.generate.check import judged
from rag.generate.support import checked
from rag.llm.client import LanguageModel
from rag.retrieve import expand
from rag.retrieve.filters import EVERYTHING, Filter, kind_of, of_settings
from rag.retrieve.question import checked_question
from rag.settings import Settings, from_visitor
from rag.store.catalogue import Document
from rag.store.collections import DEFAULT
from rag.store.membership import DEFAULT_ID
from rag.types import Answer, Trace
from ranklens import interleaving, samples
from ranklens.answering import rewrite
from ranklens.connection import NO_MODEL
from ranklens.monitoring import record

if TYPE_CHECKING:
    from ranklens.library import Library

# The types and helpers of the engine that these functions take or return.
__all__ = [
    "EVERYTHING",
    "Conversation",
    "Document",
    "Filter",
    "Turn",
    "Writing",
]

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
    kept = library.conversations
    collection = collection_of(library, chat) if chat else collection
    writer = NO_MODEL if pending.quoted else model
    chosen = {**writer, **from_visitor(library.settings, options)}
    pair = None if pending.replaces else interleaving.wanted(library, options)
    pipeline = library.pipeline_in(collection).with_settings(**chosen).until(stop)
    settings, collection = pipeline.settings, pipeline.asked_within.collection
    question, named = pipeline.mentioned(asked)
    pipeline = pipeline.within((named or within).inside(collection))
    if history:
        on_stage("Reading the question in its conversation…")
    rewritten = rewrite(question, [Exchange.of(turn) for turn in history], settings)
    _unless(stop)
    on_stage("Searching…")
    searched = rewritten.question
    found = interleaving.search(pipeline, pair, searched) if pair else pipeline.search(searched)
    trace = rewritten.kept_in(pipeline.widen(found))
    _unless(stop)
    if pending.replaces:
        turn = kept.replace(pending.replaces, asked, trace, pending.rest)
        library.writings.pop(pending.replaces.id, None)
    else:
        begun = chat or kept.start(asked, library.collections.number(collection))
        turn = kept.add(begun, asked, trace)
    if pair:
        interleaving.keep(library, pair, turn)
    library.writings[turn.id] = Writing(
        kept,
        turn,
        pipeline.answer(trace),
        partial(_checked, library, settings),
        lambda trace: record(library, trace, "page", turn.id),
    )
    return turn


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


def writing(library: Library, turn: Turn) -> Writing | None:
    """Return the answer to a turn while it is written, None once the turn has it."""
    found = library.writings.get(turn.id)
    if found and found.done and turn.trace.answer:
        forget(library, turn)
        return None
    return found


def turns(library: Library, chat: str) -> list[Turn]:
    """Return what is shown of a conversation, in order."""
    return [_with_unkept(library, turn) for turn in library.conversations.turns(chat)]


def turn(library: Library, turn_id: int) -> Turn | None:
    """Return one turn, None if it is deleted."""
    found = library.conversations.turn(turn_id)
    return found and _with_unkept(library, found)


def forget(library: Library, turn: Turn) -> None:
    """Let go of an answer that is complete, unless it is in no other place."""
    found = library.writings.get(turn.id)
    if found and not found.unkept:
        library.writings.pop(turn.id, None)


def versions(library: Library, turn: Turn) -> list[int]:
    """Return the turns that are versions of one answer, the first one first."""
    return library.conversations.versions(turn)


def with_version(library: Library, shown: Sequence[Turn], turn_id: int | None) -> list[Turn]:
    """Return the turns with another version of one of them in its place, if there is one."""
    if turn_id is None or any(one.id == turn_id for one in shown):
        return list(shown)
    other = turn(library, turn_id)
    key = (other.conversation, other.place, other.question) if other else None
    return [
        other if other and (one.conversation, one.place, one.question) == key else one
        for one in shown
    ]


def rate(library: Library, turn_id: int, liked: bool | None, why: str = "") -> None:
    """Keep the reader's verdict on an answer, and what it suggests about the cited passages."""
    kept = library.conversations
    kept.judge(turn_id, liked, why)
    if turn := kept.turn(turn_id):
        feedback.follow(library.judgements, kept, turn.trace.question)


def opened(library: Library, turn: Turn, chunk_id: str) -> None:
    """Note that the reader of an answer opened a passage, if the answer cites it."""
    answer = turn.trace.answer
    if answer and any(citation.chunk_id == chunk_id for citation in answer.citations):
        library.interleavings.open(turn.id, chunk_id)


def as_markdown(library: Library, conversation: Conversation) -> str:
    """Return a conversation as Markdown, its answers with their sources."""
    return markdown(conversation, turns(library, conversation.id))


def collection_of(library: Library, chat: str) -> str:
    """Return the collection that a conversation is held in."""
    return library.collections.name_of(library.conversations.collection_of(chat))


def conversations(library: Library, collection: str, words: str = "") -> list[Conversation]:
    """Return the conversations of a collection that hold all ``words``, the one used last first."""
    names = library.collections.by_id()
    held = library.conversations.all(words)
    return [c for c in held if names.get(_number(c), DEFAULT) == collection]


def _number(conversation: Conversation) -> int:
    number = conversation.collection_id
    return DEFAULT_ID if number is None else number


def ready(library: Library, collection: str = "") -> list[Document]:
    """Return the documents that can be asked, of a collection or of the library."""
    return [document for document in library.documents(collection) if document.status == "ready"]


def document_types(documents: Collection[Document]) -> list[str]:
    """Return the types (``pdf``, ``md``, …) of documents, each once, in order."""
    return sorted({kind_of(document) for document in documents})


def filter_of(trace: Trace) -> Filter:
    """Return the filter within which a trace's question was asked."""
    return of_settings(trace.settings)


@dataclass(frozen=True, slots=True)
class Expansions:
    """The kinds of query expansion that can be chosen, and those that the settings ask for."""

    known: tuple[str, ...]
    chosen: tuple[str, ...]


def expansions(settings: Settings) -> Expansions:
    """Return the kinds of expansion that work here: without a language model only one does."""
    works = expand.VARIANTS if settings.llm_model else (expand.FEEDBACK,)
    chosen = tuple(expand.chosen(settings.expansion))
    return Expansions(tuple(dict.fromkeys((*works, *chosen))), chosen)


def suggested(
    documents: Collection[Document], most: int, path: Path = samples.FOLDER / samples.QUESTIONS
) -> list[str]:
    """Return questions to begin with: of the sample library, if their documents are all there."""
    if not path.is_file():
        return []
    names = {document.name for document in documents}
    lines = path.read_text("utf-8").splitlines()
    entries: list[Mapping[str, Any]] = [json.loads(line) for line in lines if line.strip()]
    return [
        entry["question"]
        for entry in entries
        if entry.get("suggested")
        and names.issuperset(passage["document"] for passage in entry.get("gold", ()))
    ][:most]


def _with_unkept(library: Library, turn: Turn) -> Turn:
    """Return a turn with the answer that the store could not keep, if there is one."""
    found = library.writings.get(turn.id)
    if found is None or found.unkept is None:
        return turn
    return replace(turn, trace=turn.trace.with_answer(found.unkept))


def _checked(library: Library, settings: Settings, answer: Answer, trace: Trace) -> Answer:
    judge = None
    if settings.llm_judge and settings.llm_model:
        judge = partial(judged, LanguageModel(settings, retries=0))
    return checked(answer, trace.asked, trace.given, library.encoder, judge)
