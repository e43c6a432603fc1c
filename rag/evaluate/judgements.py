"""Judgements: who found which characters of a document how relevant to a question.

They are anchored to a document's name and a span of its extracted text, with the text itself, so
they survive another chunking and another indexing. Where a document is replaced, `refresh` finds
the judged text in the new version, or marks the judgement as lost.

How spans become chunks: a judgement holds for every chunk that shares at least half of the shorter
of the two (`locate.overlaps`). Of one judge's judgements on a chunk, the one of exactly that span
wins, else the highest. Several judges' grades are put together by their lower median. What a
language model proposed (source ``llm``) is kept apart and never counted as people's.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from statistics import median_low
from typing import Any, Literal

from sqlalchemy import Connection, delete, select, update
from sqlalchemy.dialects.sqlite import Insert, insert

from rag.errors import RanklensError
from rag.evaluate import schema
from rag.evaluate.data import Unit
from rag.evaluate.locate import Span, locate, overlaps
from rag.evaluate.schema import judgements as table
from rag.store.catalogue import Catalogue, Document
from rag.types import Chunk

Source = Literal["person", "llm", "import"]
SOURCES: tuple[Source, ...] = ("person", "llm", "import")
PEOPLE: tuple[Source, ...] = ("person", "import")
LOWEST, HIGHEST = 0, 3
AT_ONCE = 500
KEY = ("question", "document", "start", "end", "judge", "source")


@dataclass(frozen=True, slots=True)
class Judgement:
    """A grade from 0 (not relevant) to 3 (answers it) for the characters ``start:end``.

    ``end`` 0 means the document as a whole. ``digest`` names the version of the document whose
    offsets these are. ``status`` is ``lost`` where that text is not in the present version.
    """

    question: str
    document: str
    digest: str
    start: int
    end: int
    quote: str
    grade: int
    judge: str
    source: Source = "person"
    note: str = ""
    status: Literal["current", "lost"] = "current"
    time: float = 0.0
    id: int = 0

    @property
    def whole(self) -> bool:
        """Whether the document as a whole was judged."""
        return self.end == 0


@dataclass(frozen=True, slots=True)
class Carried:
    """What `refresh` did: judgements that moved, that were found again, and that were lost."""

    moved: int = 0
    found: int = 0
    lost: int = 0


@dataclass(frozen=True, slots=True)
class Judged:
    """Question → item → grade; an item is a chunk's id, or a document's name (``unit``)."""

    grades: Mapping[str, Mapping[str, int]]
    unit: Unit
    notes: tuple[str, ...] = field(default_factory=tuple)


class Judgements:
    """The judgements of a library. Safe to use from several threads of one process."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._engine = catalogue.engine
        self._seen: tuple[tuple[int, str], ...] | None = None
        schema.metadata.create_all(self._engine)

    # Writing

    def judge(
        self, question: str, chunk: Chunk, grade: int, judge: str, note: str = "",
        source: Source = "person",
    ) -> Judgement:  # fmt: skip
        """Keep a judge's grade for a chunk's text, in place of an earlier one of the same judge.

        Raises `RanklensError` where the grade is not 0 to 3 or the document is not there.
        """
        made = Judgement(
            question, chunk.document, self._document(chunk.document).digest, chunk.start,
            chunk.end, chunk.text, grade, judge, source, note,
        )  # fmt: skip
        self.add([made])
        return made

    def add(self, made: Iterable[Judgement]) -> int:
        """Keep judgements, all or none; the same judge's earlier ones of a span are replaced."""
        now = time.time()
        rows = [_row(one, now) for one in made]
        with self._engine.begin() as db:
            for first in range(0, len(rows), AT_ONCE):
                db.execute(_replacing(), rows[first : first + AT_ONCE])
        return len(rows)

    def remove(self, judgement_id: int) -> bool:
        """Forget a judgement; False where there is none of that id."""
        with self._engine.begin() as db:
            return db.execute(delete(table).where(table.c.id == judgement_id)).rowcount > 0

    def refresh(self) -> Carried:
        """Carry judgements over to the present versions of their documents.

        Where the judged text stands unchanged at its place nothing happens. Otherwise it is looked
        for in the new text, nearest to the old place first; where it is nowhere, the judgement is
        lost until a later version has the text again. Cheap where no document has changed.
        """
        ready = self._catalogue.documents("ready")
        seen = tuple((document.id, document.digest) for document in ready)
        if seen == self._seen:
            return Carried()
        changes = [change for document in ready for change in self._carried(document)]
        with self._engine.begin() as db:
            for one, _ in changes:
                _move(db, one)
        self._seen = seen
        kinds = [kind for _, kind in changes]
        return Carried(kinds.count("moved"), kinds.count("found"), kinds.count("lost"))

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

    def grades(
        self, questions: Sequence[str] | None = None, sources: Collection[Source] = PEOPLE
    ) -> Judged:
        """Return the grades of the present chunks for questions (for all, without a list).

        Where nothing but whole documents was judged, the items are documents.
        """
        self.refresh()
        wanted = None if questions is None else {same_words(q): q for q in questions}
        held = [
            one for one in self.all(sources=sources) if wanted is None or one.question in wanted
        ]
        lost = sum(one.status == "lost" for one in held)
        current = [one for one in held if one.status == "current"]
        whole = bool(current) and all(one.whole for one in current)
        found = _by_document(current) if whole else self._by_chunk(current)
        names = {q: q for q in found} if wanted is None else wanted
        notes = (f"{lost} judgements are lost: their text is no longer there",) if lost else ()
        return Judged(
            {names[q]: items for q, items in found.items()},
            "document" if whole else "passage",
            notes,
        )

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
            for question, chunk, applying in _applying(by_document[document.name], chunks):
                found.setdefault(question, {})[chunk.id] = grade_of(applying, chunk)
        return found

    def _carried(self, document: Document) -> Iterator[tuple[Judgement, str]]:
        held = [one for one in self.all(document=document.name) if not one.whole]
        stored = self._catalogue.document_text(document.id) if held else None
        text = stored[0] if stored else ""
        for one in held:
            there = text[one.start : one.end] == one.quote
            if there and one.status == "current":
                if one.digest != document.digest:
                    yield replace(one, digest=document.digest), "kept"
                continue
            span = locate(one.quote, text, one.start)
            if span:
                kind = "moved" if one.status == "current" else "found"
                yield _moved(one, document.digest, span), kind
            elif one.status == "current":
                yield replace(one, status="lost"), "lost"

    def _document(self, name: str) -> Document:
        for document in self._catalogue.documents("ready", name=name):
            return document
        raise RanklensError(f"there is no document {name!r} in the library")


def same_words(question: str) -> str:
    """Return a question's words with single spaces: judgements belong to these."""
    return " ".join(question.split())


def holds(judgement: Judgement, chunk: Chunk) -> bool:
    """Tell whether a judgement of the chunk's document holds for the chunk."""
    span = (judgement.start, judgement.end)
    return judgement.whole or overlaps(span, (chunk.start, chunk.end))


def grade_of(applying: Sequence[Judgement], chunk: Chunk) -> int:
    """Put together the grades that hold for a chunk: one a judge, then their lower median."""
    judges: dict[tuple[str, str], list[Judgement]] = {}
    for one in applying:
        judges.setdefault((one.judge, one.source), []).append(one)
    return median_low([_of_one_judge(given, chunk) for given in judges.values()])


def _of_one_judge(given: Sequence[Judgement], chunk: Chunk) -> int:
    exact = [one.grade for one in given if (one.start, one.end) == (chunk.start, chunk.end)]
    return exact[-1] if exact else max(one.grade for one in given)


def _applying(
    held: Sequence[Judgement], chunks: Sequence[Chunk]
) -> Iterator[tuple[str, Chunk, list[Judgement]]]:
    by_question: dict[str, list[Judgement]] = {}
    for one in held:
        by_question.setdefault(one.question, []).append(one)
    for question, given in by_question.items():
        for chunk in chunks:
            if applying := [one for one in given if holds(one, chunk)]:
                yield question, chunk, applying


def _by_document(held: Sequence[Judgement]) -> dict[str, dict[str, int]]:
    grades: dict[tuple[str, str], list[int]] = {}
    for one in held:
        grades.setdefault((one.question, one.document), []).append(one.grade)
    found: dict[str, dict[str, int]] = {}
    for (question, document), given in grades.items():
        found.setdefault(question, {})[document] = median_low(given)
    return found


def _moved(one: Judgement, digest: str, span: Span) -> Judgement:
    return replace(one, digest=digest, start=span[0], end=span[1], status="current")


def _move(db: Connection, one: Judgement) -> None:
    """Write a judgement's new place; an older one that stood there already gives way."""
    there = [table.c[name] == getattr(one, name) for name in KEY]
    db.execute(delete(table).where(*there, table.c.id != one.id))
    values = {name: getattr(one, name) for name in ("digest", "start", "end", "status")}
    db.execute(update(table).where(table.c.id == one.id).values(**values))


def _replacing() -> Insert:
    statement = insert(table)
    values = {c.name: statement.excluded[c.name] for c in table.c if c.name not in (*KEY, "id")}
    return statement.on_conflict_do_update(index_elements=KEY, set_=values)


def _row(one: Judgement, now: float) -> dict[str, Any]:
    if not LOWEST <= one.grade <= HIGHEST:
        raise RanklensError(f"a grade is {LOWEST} to {HIGHEST}, not {one.grade}")
    if not one.question.strip() or not one.judge.strip():
        raise RanklensError("a judgement needs a question and a judge's name")
    row = asdict(one)
    row.pop("id")
    return {**row, "question": same_words(one.question), "time": one.time or now}
