"""Conversations in the catalogue: made, listed, reopened, renamed, deleted; each turn its trace."""

from __future__ import annotations

import time
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, delete, func, insert, select, true, update

from rag import trace as traces
from rag.chat.schema import conversations, holds_word, owned_by, question_searched, turns
from rag.errors import RanklensError
from rag.text.typed import clean
from rag.types import Trace

LONGEST_TITLE = 80


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation in the list. ``turns`` counts the questions that are shown.

    ``collection_id`` is the collection that it is held in, None for the default one, 0 for all.
    """

    id: str
    title: str
    turns: int
    collection_id: int | None
    updated: datetime
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """One question as it was asked, and the exact trace of what came of it.

    ``trace.question`` is what was searched: the question itself, or the standalone one that a
    follow-up was rewritten into. ``trace.answer`` is None while it is written, and if the program
    ended before it was complete. ``liked`` is the reader's verdict on the answer, ``why`` their
    reason.
    """

    id: int
    conversation: str
    place: int
    question: str
    trace: Trace
    asked: datetime
    liked: bool | None = None
    why: str = ""


class Conversations:
    """Reads and writes conversations. Safe to use from several threads.

    With an ``owner`` only that account's, of the collections numbered ``within``, are there.
    """

    def __init__(
        self, engine: Engine, owner: str | None = None, within: Collection[int] | None = None
    ) -> None:
        self._engine = engine
        self._owner = owner
        self._own = owned_by(owner, within)
        of_own = select(conversations.c.id).where(self._own)
        self._own_turns = true() if owner is None else turns.c.conversation.in_(of_own)

    def start(self, title: str, collection_id: int | None = None) -> str:
        """Make an empty conversation within a collection and return its id."""
        key, now = uuid.uuid4().hex, time.time()
        row = {"id": key, "title": titled(title), "created": now, "updated": now}
        row |= {"owner": self._owner or ""}
        with self._engine.begin() as db:
            db.execute(insert(conversations).values(**row, collection_id=collection_id))
        return key

    def collection_of(self, key: str) -> int | None:
        """Return the collection that a conversation is held in, as `Conversation` has it."""
        query = select(conversations.c.collection_id).where(conversations.c.id == key, self._own)
        with self._engine.connect() as db:
            return db.scalar(query)

    def all(self, words: str = "") -> list[Conversation]:
        """Return the conversations that hold a question: pinned ones, then the one used last first.

        With ``words`` those whose title, questions or answers hold all of them.
        """
        of = conversations.c
        query = (
            select(of.id, of.title, func.count(turns.c.id), of.collection_id, of.updated, of.pinned)
            .join(turns)
            .where(self._own, turns.c.replaced.is_(False), *map(holds_word, words.split()))
            .group_by(of.id)
            .order_by(of.pinned.desc(), of.updated.desc())
        )
        with self._engine.connect() as db:
            return [
                Conversation(key, title, count, collection, _utc(updated), pinned)
                for key, title, count, collection, updated, pinned in db.execute(query)
            ]

    def get(self, key: str) -> Conversation | None:
        """Return the conversation of that id, None if it is empty or deleted."""
        return next((c for c in self.all() if c.id == key), None)

    def rename(self, key: str, title: str) -> None:
        """Give a conversation another title; a blank one changes nothing."""
        if not title.strip():
            return
        with self._engine.begin() as db:
            named = update(conversations).where(conversations.c.id == key, self._own)
            db.execute(named.values(title=titled(title)))

    def pin(self, key: str, pinned: bool) -> None:
        """Keep a conversation at the top of the list, or no more."""
        with self._engine.begin() as db:
            chosen = update(conversations).where(conversations.c.id == key, self._own)
            db.execute(chosen.values(pinned=pinned))

    def remove(self, key: str) -> None:
        """Delete a conversation and everything in it."""
        with self._engine.begin() as db:
            db.execute(delete(turns).where(turns.c.conversation == key, self._own_turns))
            db.execute(delete(conversations).where(conversations.c.id == key, self._own))

    # Turns

    def turns(self, key: str) -> list[Turn]:
        """Return what is shown of a conversation, in order."""
        shown = turns.c.conversation == key, turns.c.replaced.is_(False)
        return self._turns(select(turns).where(*shown).order_by(turns.c.place, turns.c.id))

    def turn(self, turn_id: int) -> Turn | None:
        """Return one turn, None if it is deleted."""
        return next(iter(self._turns(select(turns).where(turns.c.id == turn_id))), None)

    def add(self, key: str, question: str, trace: Trace) -> Turn:
        """Append a turn; raises `RanklensError` if the conversation was deleted meanwhile."""
        with self._engine.begin() as db:
            return self._insert(db, key, _next_place(db, key), question, trace)

    def replace(self, turn: Turn, question: str, trace: Trace, rest: bool = False) -> Turn:
        """Put a new turn in place of one; ``rest`` takes the turns after it away too.

        What is replaced stays in the table, out of sight.
        """
        with self._engine.begin() as db:
            same = turns.c.place >= turn.place if rest else turns.c.place == turn.place
            of_it = turns.c.conversation == turn.conversation, self._own_turns
            gone = update(turns).where(*of_it, same)
            db.execute(gone.values(replaced=True))
            return self._insert(db, turn.conversation, turn.place, question, trace)

    def versions(self, turn: Turn) -> list[int]:
        """Return the turns that are versions of one answer, itself included, the first one first.

        They answer the same question at the same place of the conversation.
        """
        same = (
            turns.c.conversation == turn.conversation,
            turns.c.place == turn.place,
            turns.c.question == turn.question,
        )
        with self._engine.connect() as db:
            own = select(turns.c.id).where(*same, self._own_turns)
            return list(db.scalars(own.order_by(turns.c.id)))

    def show(self, turn: Turn) -> None:
        """Show this version of an answer, and not the one that was shown at its place."""
        here = turns.c.conversation == turn.conversation, turns.c.place == turn.place
        with self._engine.begin() as db:
            shown = update(turns).where(*here, self._own_turns)
            db.execute(shown.values(replaced=turns.c.id != turn.id))

    def complete(self, turn_id: int, trace: Trace) -> None:
        """Keep a turn's trace with its answer; nothing happens if the turn was deleted."""
        self._set(turn_id, trace=traces.to_json(trace))

    def judge(self, turn_id: int, liked: bool | None, why: str = "") -> None:
        """Keep the reader's verdict on an answer and the reason; None takes it back."""
        self._set(turn_id, liked=liked, why=clean(why))

    def judged(self, question: str | None = None) -> Sequence[Turn]:
        """Return every turn with a verdict, replaced ones included: material for judgements.

        With ``question`` those only that searched for it.
        """
        query = select(turns).where(turns.c.liked.is_not(None)).order_by(turns.c.id)
        if question is not None:
            query = query.where(question_searched() == question)
        return self._turns(query)

    def disliked(self) -> list[str]:
        """Return what was searched for when an answer did not help, the newest first."""
        return self._questions(select(question_searched()).where(turns.c.liked.is_(False)))

    def searched(self, most: int = 100) -> list[str]:
        """Return what was searched for of late, each question once, the newest first."""
        shown = turns.c.replaced.is_(False)
        return self._questions(select(question_searched()).where(shown).limit(most))

    def recent(self, most: int = 100) -> list[tuple[int, str, datetime]]:
        """Return the last turns that are shown, newest first: id, question, when it was asked."""
        query = select(turns.c.id, turns.c.question, turns.c.asked)
        query = query.where(turns.c.replaced.is_(False), self._own_turns)
        query = query.order_by(turns.c.id.desc()).limit(most)
        with self._engine.connect() as db:
            return [(key, text, _utc(asked)) for key, text, asked in db.execute(query)]

    def _set(self, turn_id: int, **values: Any) -> None:
        with self._engine.begin() as db:
            own = turns.c.id == turn_id, self._own_turns
            db.execute(update(turns).where(*own).values(**values))

    def _turns(self, query: Select[Any]) -> list[Turn]:
        with self._engine.connect() as db:
            return [_turn(row) for row in db.execute(query.where(self._own_turns))]

    def _questions(self, query: Select[str]) -> list[str]:
        query = query.where(self._own_turns).order_by(turns.c.id.desc())
        with self._engine.connect() as db:
            return list(dict.fromkeys(db.scalars(query)))

    def _insert(self, db: Connection, key: str, place: int, question: str, trace: Trace) -> Turn:
        now = time.time()
        own = conversations.c.id == key, self._own
        touched = update(conversations).where(*own).values(updated=now)
        if db.execute(touched).rowcount == 0:
            raise RanklensError("this conversation was deleted; start a new one to ask again")
        row = insert(turns).values(
            conversation=key, place=place, question=question, trace=traces.to_json(trace), asked=now
        )
        made = db.scalars(row.returning(turns.c.id)).one()
        return Turn(made, key, place, question, trace, _utc(now))


def titled(text: str) -> str:
    """Return a title: one line, cut between words."""
    words = " ".join(clean(text).split())
    if len(words) <= LONGEST_TITLE:
        return words
    return words[: LONGEST_TITLE - 1].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"


def _next_place(db: Connection, key: str) -> int:
    last = select(func.max(turns.c.place)).where(
        turns.c.conversation == key, turns.c.replaced.is_(False)
    )
    return int(db.scalar(last) or 0) + 1


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _turn(row: Row[Any]) -> Turn:
    return Turn(
        row.id,
        row.conversation,
        row.place,
        row.question,
        traces.from_json(row.trace),
        _utc(row.asked),
        row.liked,
        row.why,
    )
