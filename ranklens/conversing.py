"""Conversations: their turns, the answers that are being written, versions, and verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from rag.chat.export import markdown
from rag.chat.store import Conversation, Turn
from rag.chat.writing import Writing
from rag.evaluate.judgements import feedback
from rag.store.collections import DEFAULT
from rag.store.membership import DEFAULT_ID

if TYPE_CHECKING:
    from ranklens.library import Library

# The types of the engine that these functions take or return.
__all__ = ["Conversation", "Turn", "Writing"]


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


def _with_unkept(library: Library, turn: Turn) -> Turn:
    """Return a turn with the answer that the store could not keep, if there is one."""
    found = library.writings.get(turn.id)
    if found is None or found.unkept is None:
        return turn
    return replace(turn, trace=turn.trace.with_answer(found.unkept))
