"""Question sets of a library: stored under a name, imported whole or not at all."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import delete, func, insert, select, update

from rag.errors import NotThere, RanklensError
from rag.evaluate.data import Question
from rag.evaluate.judgements.record import same_words
from rag.evaluate.judgements.schema import question_sets, questions
from rag.store.catalogue import Catalogue
from rag.store.collections import DEFAULT, id_of
from rag.store.schema import collections
from rag.store.statements import serialise
from rag.text.typed import LONGEST_NAME, LONGEST_NOTE, LONGEST_QUESTION, clean, too_long


@dataclass(frozen=True, slots=True)
class Guidelines:
    """What judges of a question set should know; ``meanings`` explain the grades 0 to 3."""

    text: str = ""
    meanings: tuple[str, str, str, str] = ("", "", "", "")


_OWN = question_sets.c.collection_id == collections.c.id


class QuestionSets:
    """Reads and writes question sets in the catalogue's file."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._engine = catalogue.engine

    def names(self) -> list[str]:
        """Return the names of all sets."""
        return list(self.sizes())

    def sizes(self, collection: str = "") -> dict[str, int]:
        """Return name → number of questions, by name; of all sets or those of a collection."""
        query = (
            select(question_sets.c.name, func.count(questions.c.number))
            .select_from(question_sets.outerjoin(questions).outerjoin(collections, _OWN))
            .group_by(question_sets.c.id)
            .order_by(question_sets.c.name)
        )
        if collection:
            query = query.where(func.coalesce(collections.c.name, DEFAULT) == collection)
        with self._engine.connect() as db:
            return {row[0]: row[1] for row in db.execute(query)}

    def questions(self, name: str) -> tuple[Question, ...]:
        """Return a set's questions in their order; raises `NotThere` for an unknown set."""
        if name not in self.names():
            raise NotThere(f"there is no question set {name!r}")
        columns = (questions.c.id, questions.c.text, questions.c.kind, questions.c.answer)
        query = (
            select(*columns)
            .join(question_sets)
            .where(question_sets.c.name == name)
            .order_by(questions.c.number)
        )
        with self._engine.connect() as db:
            return tuple(Question(*row) for row in db.execute(query))

    def collection_of(self, name: str) -> str:
        """Return the collection whose documents a set asks; "" if it names none."""
        query = select(collections.c.name).join(question_sets, _OWN)
        with self._engine.connect() as db:
            return db.scalar(query.where(question_sets.c.name == name)) or ""

    def put(self, name: str, held: Sequence[Question], collection: str = "") -> int:
        """Store a set in place of what had its name, in one transaction.

        Its questions are asked within ``collection``, or where the former set's were. Raises
        `RanklensError` that names every question whose id comes twice or is empty, and `NotThere`
        if there is no such collection.
        """
        name = same_words(name)
        faults = _faults(held)
        if not name:
            faults.insert(0, "the set has no name")
        if reason := too_long(name, LONGEST_NAME, "the set's name"):
            faults.insert(0, reason)
        if faults:
            raise RanklensError("nothing was stored: " + "; ".join(faults[:20]))
        with self._engine.begin() as db:
            known = select(question_sets.c.id).where(question_sets.c.name == name)
            serialise(db, f"question set {name}")
            db.execute(delete(questions).where(questions.c.set_id.in_(known)))
            set_id = db.scalar(known)
            if set_id is None:
                added = db.execute(insert(question_sets).values(name=name, made=time.time()))
                assert added.inserted_primary_key is not None  # noqa: S101 - an INSERT of one row has a key
                set_id = added.inserted_primary_key[0]
            if collection:
                this = update(question_sets).where(question_sets.c.id == set_id)
                db.execute(this.values(collection_id=id_of(db, collection)))
            rows = [
                {"set_id": set_id, "id": q.id, "text": q.text, "kind": q.kind, "answer": q.answer}
                for q in held
            ]
            if rows:
                db.execute(insert(questions), rows)
        return len(held)

    def add(self, name: str, new: Iterable[Question], collection: str = "") -> tuple[str, int]:
        """Add questions to a set, which is made if it is not there; returns its name and how many.

        One that is made belongs to ``collection``.

        They get ids that go on counting (q1, q2, …); a question whose words the set has already is
        not added again. Raises `RanklensError` if the set would have no name or no question.
        """
        name = same_words(name)
        before = self.questions(name) if name in self.names() else ()
        every = with_added(before, new)
        if not every:
            raise RanklensError("no question was written; write one a line")
        self.put(name, every, "" if before else collection)
        return name, len(every) - len(before)

    def guidelines(self, name: str) -> Guidelines:
        """Return what judges of a set should know; raises `NotThere` for an unknown set."""
        columns = (question_sets.c.guidelines, question_sets.c.meanings)
        with self._engine.connect() as db:
            row = db.execute(select(*columns).where(question_sets.c.name == name)).one_or_none()
        if row is None:
            raise NotThere(f"there is no question set {name!r}")
        return Guidelines(row[0], _four(row[1] or ()))

    def guide(self, name: str, given: Guidelines) -> None:
        """Keep what judges of a set should know; raises `RanklensError` if a text is too long."""
        texts = {"the guidelines": given.text}
        texts |= {f"the meaning of grade {n}": text for n, text in enumerate(given.meanings)}
        for what, text in texts.items():
            if reason := too_long(text, LONGEST_NOTE, what):
                raise RanklensError(reason)
        values = {
            "guidelines": clean(given.text.strip()),
            "meanings": [clean(text.strip()) for text in given.meanings],
        }
        changed = update(question_sets).where(question_sets.c.name == name).values(**values)
        with self._engine.begin() as db:
            if not db.execute(changed).rowcount:
                raise NotThere(f"there is no question set {name!r}")

    def delete(self, name: str) -> bool:
        """Delete a set; its judgements stay, since they belong to the questions' words."""
        with self._engine.begin() as db:
            known = select(question_sets.c.id).where(question_sets.c.name == name)
            db.execute(delete(questions).where(questions.c.set_id.in_(known)))
            return (
                db.execute(delete(question_sets).where(question_sets.c.name == name)).rowcount > 0
            )


def with_added(held: Sequence[Question], new: Iterable[Question]) -> list[Question]:
    """Return questions with new ones behind them, under ids that go on counting (q1, q2, …).

    A question whose words are there already is not added again.
    """
    found = {same_words(question.text): question for question in held}
    taken, number = {question.id for question in held}, len(held)
    for question in new:
        words = same_words(question.text)
        if words and words not in found:
            number += 1
            while f"q{number}" in taken:
                number += 1
            found[words] = replace(question, id=f"q{number}", text=words)
    return list(found.values())


def _four(meanings: Sequence[str]) -> tuple[str, str, str, str]:
    zero, one, two, three = (*meanings, "", "", "", "")[:4]
    return zero, one, two, three


def _faults(held: Sequence[Question]) -> list[str]:
    faults, seen = [], set()
    for number, question in enumerate(held, 1):
        if not question.id.strip() or not question.text.strip():
            faults.append(f"question {number} has no id or no words")
        elif reason := too_long(question.text, LONGEST_QUESTION, f"question {number}"):
            faults.append(reason)
        elif question.id in seen:
            faults.append(f"the id {question.id!r} comes twice (question {number})")
        seen.add(question.id)
    return faults
