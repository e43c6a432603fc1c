"""What an answer can be made of: sentences, lists with what introduces them, and table rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import PurePath

from rag.generate.tables import BAR, Row, table_rows
from rag.text.passages import PassagePart, parts
from rag.types import Chunk, Hit

_SHORTEST = 12  # bytes: a Chinese letter says as much as three Latin ones
_LONGEST_LIST = 1500


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of passage ``number``, ``chunk``, that can be quoted: the characters of ``span``.

    ``text`` is it on one line, with the names of a row's columns; ``row`` is the row where it is
    one of a table.
    """

    number: int
    chunk: Chunk
    span: PassagePart
    text: str
    row: Row | None = None

    @property
    def context(self) -> str:
        """The document's name and the headings above."""
        return " ".join((PurePath(self.chunk.document).stem, *self.chunk.heading))

    def overlaps(self, other: Unit) -> bool:
        """Tell whether both share characters of one document."""
        start, end = self._place()
        from_, to = other._place()
        return self.chunk.document == other.chunk.document and start < to and from_ < end

    def _place(self) -> tuple[int, int]:
        return self.chunk.start + self.span.start, self.chunk.start + self.span.end


def units(hits: Sequence[Hit]) -> list[Unit]:
    """Return every unit once, those of better passages first.

    Headings and lines that only introduce something are units where there is nothing else.
    """
    ends = {(hit.chunk.document, hit.chunk.end): hit.chunk for hit in hits}
    every = [
        unit
        for number, hit in enumerate(hits, 1)
        for unit in _of(number, hit.chunk, ends.get((hit.chunk.document, hit.chunk.start - 1)))
    ]
    whole = [unit for unit in every if unit.span.kind not in ("heading", "lead")]
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
    for span in _with_lists(text, parts(text)):
        if any(start <= span.start and span.end <= end for start, end in names):
            continue
        if span.kind == "cells":
            if row := lines.get(span.start):
                yield Unit(number, chunk, span, _row_text(row), row)
        elif _size(text[span.start : span.end]) >= _SHORTEST or _size(text) < 2 * _SHORTEST:
            yield Unit(number, chunk, span, " ".join(text[span.start : span.end].split()))


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))


def _rows(chunk: Chunk, before: Chunk | None) -> tuple[list[Row], list[tuple[int, int]]]:
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


def _row_text(row: Row) -> str:
    label = f"{row.section}: {row.label}" if row.section else row.label
    return " ".join((label, *dict.fromkeys(row.columns)))


def _with_lists(text: str, found: Sequence[PassagePart]) -> Iterator[PassagePart]:
    """Give a line that ends in a colon the list items below it, as far as they are short."""
    for at, span in enumerate(found):
        end = span.end
        if span.kind == "lead":
            for item in found[at + 1 :]:
                if item.kind != "item" or item.end - span.start > _LONGEST_LIST:
                    break
                end = item.end
        yield span if end == span.end else PassagePart(span.start, end, "item")
