"""Judgements: who found which characters of a document how relevant to a question.

They are anchored to a document's name and a span of its extracted text, with the text itself, so
they survive another chunking and another indexing. If a document is replaced, `refresh` finds the
judged text in the new version, or marks the judgement as lost.

`rag.evaluate.judgements.record` describes how spans become grades of chunks. What a language model
proposed (source ``llm``) and what thumbs on answers suggest (``feedback``) is kept apart and never
counted as people's.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median_low
from typing import Any

from sqlalchemy import delete, func, select, update

from rag.errors import RanklensError
from rag.evaluate.data import Unit
from rag.evaluate.judgements.anchors import Span, locate
from rag.evaluate.judgements.carrying import Carried, changes_of, write
from rag.evaluate.judgements.record import (
    HIGHEST,
    LOWEST,
    PEOPLE,
    SOURCES,
    Judgement,
    Source,
    applying,
    by_document,
    grade_of,
    holds,
    same_words,
)
from rag.evaluate.judgements.schema import JUDGEMENT_KEY
from rag.evaluate.judgements.schema import judgements as table
from rag.evaluate.judgements.spans import JudgedSpan, distinct
from rag.store.catalogue import Catalogue, Document
from rag.store.schema import documents
from rag.store.statements import insert_or_replace
from rag.text.plural import plural
from rag.text.typed import LONGEST_NAME, LONGEST_NOTE, clean, too_long
from rag.types import Chunk


@dataclass(frozen=True, slots=True)
class Qrels:
    """Question → item → grade; an item is a chunk's id, or a document's name (``unit``)."""

    grades: Mapping[str, Mapping[str, int]]
    unit: Unit
    notes: tuple[str, ...] = field(default_factory=tuple)


class JudgementStore:
    """The judgements of a library. Safe to use from several threads of one process."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._engine = catalogue.engine
        self._seen: tuple[tuple[int, str], ...] | None = None
        self._ready: Sequence[Document] | None = None  # for which nothing has to be looked at

    # Writing

    def grade(
        self, question: str, chunk: Chunk, grade: int, judge: str, note: str = "",
        source: Source = "person", requested_by: str = "",
    ) -> Judgement:  # fmt: skip
        """Keep a judge's grade for a chunk's text, in place of an earlier one of the same judge.

        ``requested_by`` is the account that had a model grade it (source ``llm``). A chunk of an
        earlier version of its document is looked for in the present one. Raises `RanklensError` if
        the grade is not 0 to 3, or the document or the text is not there.
        """
        document = self._document(chunk.document)
        start, end = self._present(document, chunk)
        made = Judgement(
            clean(question), chunk.document, document.digest, start, end, chunk.text, grade,
            clean(judge), source, clean(note), requested_by=requested_by,
        )  # fmt: skip
        self.add([made])
        return made

    def add(self, made: Iterable[Judgement]) -> int:
        """Keep judgements, all or none; the same judge's earlier ones of a span are replaced."""
        now = time.time()
        rows = [_row(one, now) for one in made]
        if rows:
            with self._engine.begin() as db:
                insert_or_replace(db, table, rows, JUDGEMENT_KEY)
        return len(rows)

    def remove(self, judgement_id: int) -> bool:
        """Delete a judgement; False if there is none of that id."""
        with self._engine.begin() as db:
            return db.execute(delete(table).where(table.c.id == judgement_id)).rowcount > 0

    def remove_all(self, question: str, source: Source) -> int:
        """Delete a question's judgements of one source; returns how many there were."""
        its = (table.c.question == same_words(question), table.c.source == source)
        with self._engine.begin() as db:
            return db.execute(delete(table).where(*its)).rowcount

    def part(self) -> None:
        """Part judgements of documents that are not there any more from the documents' names."""
        there = select(documents.c.name).where(documents.c.status != "removed")
        gone = table.c.document.not_in(there) & (table.c.status != "removed")
        with self._engine.begin() as db:
            db.execute(update(table).where(gone).values(status="removed"))

    def refresh(self) -> Carried:
        """Carry judgements over to the present versions of their documents.

        Cheap if no document has changed.
        """
        ready = self._catalogue.ready()
        if ready is self._ready:
            return Carried()
        seen = tuple((document.id, document.digest) for document in ready)
        if seen == self._seen:
            self._ready = ready
            return Carried()
        changes = [
            change
            for document in ready
            for change in changes_of(self.all(document=document.name), document, self._text)
        ]
        self._seen, self._ready = seen, ready
        return write(self._engine, changes, ready)

    # Reading

    def all(
        self,
        question: str | None = None,
        document: str | None = None,
        sources: Collection[Source] = SOURCES,
    ) -> list[Judgement]:
        """Return judgements, oldest first."""
        query = select(table).where(table.c.source.in_(sources)).order_by(table.c.time, table.c.id)
        if question is not None:
            query = query.where(table.c.question == same_words(question))
        if document is not None:
            query = query.where(table.c.document == document)
        with self._engine.connect() as db:
            return [Judgement(**row._mapping) for row in db.execute(query)]

    def version(self) -> tuple[int, int, float]:
        """Return what changes with every judgement that is made, changed or removed."""
        counted = select(func.count(), func.max(table.c.id), func.max(table.c.time))
        with self._engine.connect() as db:
            count, last, when = db.execute(counted.select_from(table)).one()
        return count, last or 0, when or 0.0

    def judged_questions(self, judge: str = "") -> set[str]:
        """Return the questions that people have judged, as `same_words` writes them.

        Those of one judge if ``judge`` names one.
        """
        query = select(table.c.question).where(table.c.source.in_(PEOPLE)).distinct()
        if judge:
            query = query.where(table.c.judge == judge, table.c.source == "person")
        with self._engine.connect() as db:
            return set(db.scalars(query))

    def unconfirmed(self, source: Source, judge: str, most: int) -> tuple[int, list[Judgement]]:
        """Return how many texts have a proposal that a judge has not graded, and the first ones.

        Proposals of ``source`` that are not lost; a text with several comes once.
        """
        self.refresh()
        own = table.alias()
        same = [own.c[name] == table.c[name] for name in ("question", "document", "start", "end")]
        graded = select(own.c.id).where(*same, own.c.judge == judge, own.c.source == "person")
        its = (table.c.source == source, table.c.status == "current", ~graded.exists())
        item = (table.c.question, table.c.document, table.c.start, table.c.end)
        each = select(func.min(table.c.id).label("id")).where(*its).group_by(*item)
        first = select(table).where(table.c.id.in_(each)).order_by(table.c.time, table.c.id)
        with self._engine.connect() as db:
            count = db.scalar(select(func.count()).select_from(each.subquery())) or 0
            return count, [Judgement(**row._mapping) for row in db.execute(first.limit(most))]

    def qrels(
        self, questions: Sequence[str] | None = None, model: str = "", blind: bool = False
    ) -> Qrels:
        """Return people's grades of the present chunks for questions (for all, without a list).

        If nothing but whole documents was judged, the items are documents. ``model``: that model's
        proposals in place of people's grades. ``blind``: without accepted proposals.
        """
        self.refresh()
        sources: Collection[Source] = ("llm",) if model else PEOPLE
        wanted = None if questions is None else {same_words(q): q for q in questions}
        one_question = questions[0] if questions is not None and len(questions) == 1 else None
        held = [
            one
            for one in self.all(one_question, sources=sources)
            if (wanted is None or one.question in wanted)
            and (not model or one.judge == model)
            and not (blind and one.accepted)
        ]
        lost = sum(one.status == "lost" for one in held)
        current = [one for one in held if one.status == "current"]
        whole = bool(current) and all(one.whole for one in current)
        found = by_document(current) if whole else self._by_chunk(current)
        names = {q: q for q in found} if wanted is None else wanted
        gone = plural(lost, "judgement is lost: its", "judgements are lost: their")
        notes = (f"{gone} text is no longer there",) if lost else ()
        return Qrels(
            {names[q]: items for q, items in found.items()},
            "document" if whole else "passage",
            notes,
        )

    def spans(self, questions: Sequence[str]) -> dict[str, tuple[JudgedSpan, ...]]:
        """Return question → the spans that people judged relevant; questions without one are out.

        Several judges' grades of one span are put together by their lower median.
        """
        self.refresh()
        wanted = {same_words(question): question for question in questions}
        grades: dict[tuple[str, str, int, int], list[int]] = {}
        for one in self.all(sources=PEOPLE):
            if one.status == "current" and one.question in wanted:
                key = (wanted[one.question], one.document, one.start, one.end)
                grades.setdefault(key, []).append(one.grade)
        found: dict[str, list[JudgedSpan]] = {}
        for (question, document, start, end), given in grades.items():
            span = JudgedSpan(document, start, end, median_low(given))
            found.setdefault(question, []).append(span)
        kept = {question: distinct(spans) for question, spans in found.items()}
        return {question: spans for question, spans in kept.items() if spans}

    def for_chunks(self, question: str, chunks: Sequence[Chunk]) -> dict[str, list[Judgement]]:
        """Return chunk id → the judgements of all sources that hold for it."""
        self.refresh()
        held = [one for one in self.all(question) if one.status == "current"]
        return {
            chunk.id: [one for one in held if one.document == chunk.document and holds(one, chunk)]
            for chunk in chunks
        }

    def _by_chunk(self, held: Sequence[Judgement]) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = {}
        by_document: dict[str, list[Judgement]] = {}
        for one in held:
            by_document.setdefault(one.document, []).append(one)
        for document in self._catalogue.documents("ready"):
            if document.name not in by_document:
                continue
            chunks = self._catalogue.chunks_of(document.id)
            for question, chunk, given in applying(by_document[document.name], chunks):
                found.setdefault(question, {})[chunk.id] = grade_of(given, chunk)
        return found

    def _present(self, document: Document, chunk: Chunk) -> Span:
        if chunk.id in self._catalogue.fetch([chunk.id]):
            return chunk.start, chunk.end
        span = locate(chunk.text, self._text(document), chunk.start)
        if span is None:
            raise RanklensError(
                f"this passage is not in the present {document.name!r}; ask the question again"
            )
        return span

    def _text(self, document: Document) -> str:
        stored = self._catalogue.document_text(document.id)
        return stored[0] if stored else ""

    def _document(self, name: str) -> Document:
        for document in self._catalogue.documents("ready", name=name):
            return document
        raise RanklensError(f"there is no document {name!r} in the library")


def _row(one: Judgement, now: float) -> dict[str, Any]:
    if not LOWEST <= one.grade <= HIGHEST:
        raise RanklensError(f"a grade is {LOWEST} to {HIGHEST}, not {one.grade}")
    if not one.question.strip() or not one.judge.strip():
        raise RanklensError("a judgement needs a question and a judge's name")
    judge, note = clean(one.judge), clean(one.note)
    requested_by = clean(one.requested_by) if one.source == "llm" else ""
    for reason in (
        too_long(judge, LONGEST_NAME, "a judge's name"),
        too_long(requested_by, LONGEST_NAME, "the name of who requested a grade"),
        too_long(note, LONGEST_NOTE, "a note"),
    ):
        if reason:
            raise RanklensError(reason)
    row = asdict(one) | {"judge": judge, "note": note, "quote": clean(one.quote)}
    row.pop("id")
    row |= {"requested_by": requested_by, "question": same_words(one.question)}
    return {**row, "time": one.time or now}
