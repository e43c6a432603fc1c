"""Judgements carried over to another version of their document."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, Engine, delete, update

from rag.evaluate.judgements.anchors import locate
from rag.evaluate.judgements.record import Judgement
from rag.evaluate.judgements.schema import JUDGEMENT_KEY
from rag.evaluate.judgements.schema import judgements as table
from rag.store.catalogue import Document

Change = tuple[Judgement, str]
"""A judgement as it is now, and whether it was moved, found again or lost."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What `refresh` did: judgements that moved, that were found again, and that were lost."""

    moved: int = 0
    found: int = 0
    lost: int = 0


def changes_of(
    judgements: Iterable[Judgement], document: Document, text_of: Callable[[Document], str]
) -> Iterator[Change]:
    """Yield what becomes of a document's judgements in its present version, if anything.

    If the judged text is unchanged at its place, nothing does. Otherwise it is looked for in the
    new text, nearest to the old place first; if it is nowhere, the judgement is lost until a
    later version has the text again.
    """
    held = [one for one in judgements if one.status != "removed" or one.digest == document.digest]
    for one in held:
        if one.whole and one.status == "removed":
            yield replace(one, status="current"), "found"
    held = [one for one in held if not one.whole]
    text = text_of(document) if held else ""
    for one in held:
        if one.status == "current" and text[one.start : one.end] == one.quote:
            continue
        span = locate(one.quote, text, one.start)
        if span:
            kind = "moved" if one.status == "current" else "found"
            start, end = span
            moved = replace(one, start=start, end=end, digest=document.digest)
            yield replace(moved, status="current"), kind
        elif one.status == "current":
            yield replace(one, status="lost"), "lost"


def write(engine: Engine, changes: Sequence[Change], ready: Iterable[Document]) -> Carried:
    """Write changes, and which versions of the documents all judgements belong to now."""
    with engine.begin() as db:
        for one, _ in changes:
            _move(db, one)
        for document in ready:
            _keep(db, document)
    kinds = [kind for _, kind in changes]
    return Carried(kinds.count("moved"), kinds.count("found"), kinds.count("lost"))


def _move(db: Connection, one: Judgement) -> None:
    """Write a judgement's new place; an older one that stood there already gives way."""
    there = [table.c[name] == getattr(one, name) for name in JUDGEMENT_KEY]
    db.execute(delete(table).where(*there, table.c.id != one.id))
    values = {name: getattr(one, name) for name in ("digest", "start", "end", "status")}
    db.execute(update(table).where(table.c.id == one.id).values(**values))


def _keep(db: Connection, document: Document) -> None:
    """Note the version of the document whose offsets its judgements have now."""
    its = (table.c.document == document.name, table.c.status == "current")
    other = table.c.digest != document.digest
    db.execute(update(table).where(*its, other).values(digest=document.digest))
