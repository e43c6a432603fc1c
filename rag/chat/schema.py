"""Tables for conversations and their turns, and conditions on their rows."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    and_,
    false,
    or_,
    select,
    true,
)

from rag.store.schema import collections, metadata
from rag.store.statements import json_text

DEFAULT_ID = 1  # of the default collection
conversations = Table(
    "conversations",
    metadata,
    Column("id", String, primary_key=True),
    Column("title", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False, index=True),
    # NULL, and one that is not there any more, stand for the default collection, 0 for all.
    Column("collection_id", Integer),
    Column("pinned", Boolean, nullable=False, default=False, server_default=false()),
    Column("owner", String, nullable=False, server_default=""),
)

_of_conversation = ForeignKey("conversations.id", ondelete="CASCADE")
turns = Table(
    "turns",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("conversation", _of_conversation, nullable=False, index=True),
    Column("place", Integer, nullable=False),
    Column("question", Text, nullable=False),
    Column("trace", Text, nullable=False),
    Column("asked", Float, nullable=False),
    Column("liked", Boolean),
    Column("why", Text, nullable=False, default="", server_default=""),
    # Another version of an answer, or an edited question: out of sight, its feedback still counts.
    Column("replaced", Boolean, nullable=False, default=False),
    sqlite_autoincrement=True,
)


def owned_by(owner: str | None, within: Collection[int] | None) -> ColumnElement[bool]:
    """Return which conversations are an account's, in collections that are there for it."""
    if owner is None:
        return true()
    own: ColumnElement[bool] = conversations.c.owner == owner
    if within is None:
        return own
    of = conversations.c.collection_id
    here: ColumnElement[bool] = of.in_(list(within))
    if DEFAULT_ID in within:  # stands for NULL, and for a collection that is not there any more
        gone = of.not_in(select(collections.c.id))
        here = or_(here, of.is_(None), gone)
    return and_(own, here)


def holds_word(word: str) -> ColumnElement[bool]:
    """Return whether a conversation's title, or one of its questions or answers, holds a word."""
    texts = (turns.c.question, json_text(turns.c.trace, "answer", "text"))
    held = select(turns.c.conversation).where(
        or_(*(text.icontains(word, autoescape=True) for text in texts)),
        turns.c.replaced.is_(False),
    )
    titled = conversations.c.title.icontains(word, autoescape=True)
    return or_(titled, conversations.c.id.in_(held))


def question_searched() -> ColumnElement[str]:
    """Return what was searched for a turn: a follow-up's standalone question, else its own."""
    return json_text(turns.c.trace, "question")
