"""Asking in a conversation: a follow-up is rewritten, searched, answered aside, checked and logged.

`ask` returns as soon as the passages are ranked; the answer is written in a thread of its own, and
`writing` is that answer for as long as it is not complete.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from rag.chat.export import markdown
from rag.chat.rewrite import Exchange
from rag.chat.store import Conversation, Turn
from rag.chat.writing import Writing
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
from rag.types import Answer, Trace
from ranklens import samples
from ranklens.answering import rewrite
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

NO_CHANGES: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class PendingQuestion:
    """A question that waits to be searched.

    ``replaces`` is the turn whose place it takes; with ``rest`` the turns after that one leave too.
    """

    text: str
    replaces: Turn | None = None
    rest: bool = False


def ask(
    library: Library,
    pending: PendingQuestion,
    history: Sequence[Turn] = (),
    chat: str | None = None,
    within: Filter = EVERYTHING,
    model: Mapping[str, Any] = NO_CHANGES,
    collection: str = "",
    **options: Any,
) -> Turn:
    """Search for a question, keep it as a turn, and start its answer in the background.

    ``history`` are the turns that it may refer to, ``chat`` the conversation that it is added to
    (None begins one). ``options`` are settings that a visitor chose (`from_visitor`), ``model`` the
    model that writes for this session (`ranklens.connection.options`). A conversation that begins
    is held in ``collection`` and stays there. An @name in the question takes the place of
    ``within``. Raises `RanklensError`; nothing is kept then.
    """
    asked = checked_question(pending.text, library.settings)
    kept = library.conversations
    collection = collection_of(library, chat) if chat else collection
    chosen = {**model, **from_visitor(library.settings, options)}
    pipeline = library.pipeline_in(collection).with_settings(**chosen)
    settings, collection = pipeline.settings, pipeline.asked_within.collection
    question, named = pipeline.mentioned(asked)
    pipeline = pipeline.within((named or within).inside(collection))
    rewritten = rewrite(question, [Exchange.of(turn) for turn in history], settings)
    trace = rewritten.kept_in(pipeline.search(rewritten.question))
    if pending.replaces:
        turn = kept.replace(pending.replaces, asked, trace, pending.rest)
        library.writings.pop(pending.replaces.id, None)
    else:
        begun = chat or kept.start(asked, library.collections.id_of(collection))
        turn = kept.add(begun, asked, trace)
    library.writings[turn.id] = Writing(
        kept,
        turn,
        pipeline.answer(trace),
        partial(_checked, library, settings),
        lambda trace: record(library, trace, "page", turn.id),
    )
    return turn


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


def rate(library: Library, turn_id: int, liked: bool | None) -> None:
    """Keep the reader's verdict on an answer, and what it suggests about the cited passages."""
    kept = library.conversations
    kept.judge(turn_id, liked)
    if turn := kept.turn(turn_id):
        feedback.follow(library.judgements, kept, turn.trace.question)


def as_markdown(library: Library, conversation: Conversation) -> str:
    """Return a conversation as Markdown, its answers with their sources."""
    return markdown(conversation, turns(library, conversation.id))


def collection_of(library: Library, chat: str) -> str:
    """Return the collection that a conversation is held in."""
    return library.collections.name_of(library.conversations.collection_of(chat))


def conversations(library: Library, collection: str) -> list[Conversation]:
    """Return the conversations that are held in a collection, the one used last first."""
    names = library.collections.by_id()
    held = library.conversations.all()
    return [c for c in held if names.get(c.collection_id or 0, DEFAULT) == collection]


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
