"""What an answer can be made of: sentences, lists with what introduces them, and table rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from rag.generate.extract.tables import TableRow, table_rows
from rag.text.passages import BAR, PassagePart, parts
from rag.text.spans import Span, shared
from rag.text.words import terms
from rag.types import Chunk, Hit

_SHORTEST = 12  # bytes: a Chinese letter counts as much as three Latin ones
_LONGEST_LIST = 1500
_MOST_CITED = 3  # for one statement


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of passage ``number``, ``chunk``, that can be quoted: the characters of ``part``.

    ``text`` is it on one line, with the names of a row's columns; ``row`` is the row if it is one
    of a table.
    """

    number: int
    chunk: Chunk
    part: PassagePart
    text: str
    row: TableRow | None = None

    @property
    def context(self) -> str:
        """The document's name and the headings above."""
        return " ".join((PurePath(self.chunk.document).stem, *self.chunk.heading))

    def overlaps(self, other: Unit) -> bool:
        """Return whether both share characters of one document."""
        if self.chunk.document != other.chunk.document:
            return False
        return shared(self._span(), other._span()) > 0

    def terms(self) -> set[str]:
        """Return its words and those of what stands above it, as they are compared."""
        return terms(f"{self.context} {self.row.above if self.row else ''} {self.text}")

    def _span(self) -> Span:
        return self.chunk.start + self.part.start, self.chunk.start + self.part.end


@dataclass(frozen=True, slots=True)
class ScoredUnit:
    """A unit with its score; ``near``: it reaches the floor; ``column``: of the cell that answers.

    ``relevant``: it is about what the question is about. ``also`` are units of other documents
    that state the same.
    """

    unit: Unit
    score: float
    near: bool
    relevant: bool
    column: int
    also: tuple[ScoredUnit, ...] = ()

    @property
    def all(self) -> tuple[ScoredUnit, ...]:
        """The unit itself and those that state the same."""
        return (self, *self.also)

    def citing(self, other: ScoredUnit) -> ScoredUnit:
        """Return it with the other cited too, unless that quotes the same characters again."""
        if len(self.all) == _MOST_CITED or any(other.unit.overlaps(one.unit) for one in self.all):
            return self
        return replace(self, also=(*self.also, replace(other, also=())))


def units(hits: Sequence[Hit]) -> list[Unit]:
    """Return every unit once, those of better passages first.

    Headings and lines that only introduce something are units if there is nothing else.
    """
    ends = {(hit.chunk.document, hit.chunk.end): hit.chunk for hit in hits}
    every = [
        unit
        for number, hit in enumerate(hits, 1)
        for unit in _of(number, hit.chunk, ends.get((hit.chunk.document, hit.chunk.start - 1)))
    ]
    whole = [unit for unit in every if unit.part.kind not in ("heading", "lead")]
    found: dict[str, Unit] = {}
    for unit in whole or every:
        # The same in another document is found later, and cited, too.
        values = unit.row.values if unit.row else ()
        found.setdefault(f"{unit.chunk.document}\0{values}{unit.text}".casefold(), unit)
    return list(found.values())


def _of(number: int, chunk: Chunk, before: Chunk | None) -> Iterator[Unit]:
    text = chunk.text
    rows, names = _rows(chunk, before)
    lines = {row.start: row for row in rows}
    for part in _with_lists(text, parts(text)):
        if any(start <= part.start and part.end <= end for start, end in names):
            continue
        if part.kind == "cells":
            if row := lines.get(part.start):
                named = " ".join((row.full_label, *dict.fromkeys(row.columns)))
                yield Unit(number, chunk, part, named, row)
            continue
        words = text[part.start : part.end]
        if _size(words) >= _SHORTEST or _size(text) < 2 * _SHORTEST:
            yield Unit(number, chunk, part, " ".join(words.split()))


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))


def _rows(chunk: Chunk, before: Chunk | None) -> tuple[list[TableRow], list[Span]]:
    """Return a chunk's rows and names; one that goes on with a table is read with the one before.

    There are the section of its first rows, the unit and what introduces the table.
    """
    if not before or not chunk.heading or BAR not in chunk.heading[-1]:
        return table_rows(chunk.text, chunk.heading)
    shift = len(before.text) + 1
    rows, names = table_rows(f"{before.text}\n{chunk.text}", before.heading)
    own = [
        replace(
            row,
            start=row.start - shift,
            end=row.end - shift,
            names=tuple((a - shift, b - shift) for a, b in row.names if a >= shift),
        )
        for row in rows
        if row.start >= shift
    ]
    return own, [(a - shift, b - shift) for a, b in names if a >= shift]


def _with_lists(text: str, found: Sequence[PassagePart]) -> Iterator[PassagePart]:
    """Give a line that ends in a colon the list items below it, as far as they are short."""
    for at, part in enumerate(found):
        end = part.end
        if part.kind == "lead":
            for item in found[at + 1 :]:
                if item.kind != "item" or item.end - part.start > _LONGEST_LIST:
                    break
                end = item.end
        yield part if end == part.end else PassagePart(part.start, end, "item")
