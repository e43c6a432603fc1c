"""What an answer can be made of: sentences, lists and answers with what is above, table rows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import groupby
from pathlib import PurePath

from rag.generate.extract.tables import TableRow, pairs, table_rows
from rag.text.passages import BAR, PassagePart, parts
from rag.text.spans import Span, shared
from rag.types import Chunk, Hit

_SHORTEST = 12  # bytes: a Chinese letter counts as much as three Latin ones
_LONGEST_LIST = 1500
_GAP = 2  # characters between chunks that touch
NUMBERED = re.compile(r"\d{1,2}[.)]\s")
Numbered = tuple[int, Chunk]
Table = tuple[dict[int, TableRow], list[Span]]
"""Rows by their first character, and the lines that only name rows and columns."""


@dataclass(frozen=True, slots=True)
class Unit:
    """A piece of passage ``number``, ``chunk``, that can be quoted: the characters of ``part``.

    ``text`` is it on one line, with the names of a row's columns; ``row`` is the row if it is one;
    ``under`` is the heading above it in the passage, if it is no row.
    """

    number: int
    chunk: Chunk
    part: PassagePart
    text: str
    row: TableRow | None = None
    under: str = ""

    @property
    def home(self) -> str:
        """The document's name and the headings above."""
        name = PurePath(self.chunk.document).stem.replace("_", " ")
        return " ".join((name, *self.chunk.heading, self.under))

    def overlaps(self, other: Unit) -> bool:
        """Return whether both share characters of one document."""
        same = self.chunk.document == other.chunk.document
        return same and shared(self._span(), other._span()) > 0

    def _span(self) -> Span:
        return self.chunk.start + self.part.start, self.chunk.start + self.part.end


def units(hits: Sequence[Hit]) -> list[Unit]:
    """Return every unit once, those of better passages first.

    Headings and lines that only introduce something are units if there is nothing else.
    """
    tables: dict[int, Table] = {}
    for run in _touching(hits):
        tables |= dict.fromkeys((number for number, _ in run), _table([chunk for _, chunk in run]))
    headings = {line for hit in hits for line in hit.chunk.heading}
    every = [u for n, hit in enumerate(hits, 1) for u in _of(n, hit.chunk, tables[n], headings)]
    whole = [unit for unit in every if unit.part.kind not in ("heading", "lead")]
    found: dict[str, Unit] = {}
    for unit in whole or every:
        # The same in another document is found later, and cited, too.
        values = unit.row.values if unit.row else ()
        found.setdefault(f"{unit.chunk.document}\0{values}{unit.text}".casefold(), unit)
    return list(found.values())


def _touching(hits: Sequence[Hit]) -> Iterator[list[Numbered]]:
    """Yield passages that follow one another in a document, as a table over several does."""
    numbered = enumerate((hit.chunk for hit in hits), 1)
    ordered = sorted(numbered, key=lambda pair: (pair[1].document, pair[1].start))
    for _, group in groupby(ordered, key=lambda pair: pair[1].document):
        run: list[Numbered] = []
        for number, chunk in group:
            if run and not 0 <= chunk.start - run[-1][1].end <= _GAP:
                yield run
                run = []
            run.append((number, chunk))
        yield run


def _table(run: Sequence[Chunk]) -> Table:
    """Read chunks that follow one another as one text; characters count in their document."""
    start, text = run[0].start, ""
    for chunk in run:
        text += "\n" * (chunk.start - start - len(text)) + chunk.text
    heading = run[0].heading[-1:]
    rows, names = table_rows(text, heading[0] if heading and BAR in heading[0] else "")
    return {start + row.start: row for row in rows}, [(start + a, start + b) for a, b in names]


def _of(number: int, chunk: Chunk, table: Table, headings: Set[str]) -> Iterator[Unit]:
    """Yield the units of a passage; what other passages stand below is a ``headings`` line."""
    rows, names = table
    above = under = ""
    for part in _with_lists(chunk.text, parts(chunk.text)):
        start, end = chunk.start + part.start, chunk.start + part.end
        if any(a <= start and end <= b for a, b in names):
            continue
        words = chunk.text[part.start : part.end]
        text, row = " ".join(words.split()), None
        if part.kind == "heading" or text in headings:
            part, under = part._replace(kind="heading"), text
        if part.kind == "row":
            row = pairs(words, part.start, above)
        else:
            above = words
        if part.kind == "cells":
            if not (row := rows.get(start)):
                continue
            text = " ".join((row.full_label, *dict.fromkeys(row.columns)))
        if row or _size(words) >= _SHORTEST or _size(chunk.text) < 2 * _SHORTEST:
            yield Unit(number, chunk, part, text, row, "" if row else under)


def _size(text: str) -> int:
    return len(text.encode(errors="replace"))


def _with_lists(text: str, found: Sequence[PassagePart]) -> Iterator[PassagePart]:
    """Give a line that ends in a colon the list items below it, as far as they are short.

    A question is given the items or the sentence behind it, which answer it.
    """
    for at, part in enumerate(found):
        end = part.end
        if part.kind == "lead":
            for item in found[at + 1 :]:
                on_line = end > part.end and "\n" not in text[end : item.start]
                listed = item.kind == "item" or NUMBERED.match(text, item.start) or on_line
                answers = end == part.end and item.kind == "sentence" and text[end - 1] in "?？"
                if not (listed or answers) or item.end - part.start > _LONGEST_LIST:
                    break
                end = item.end
                if answers:
                    break
        yield part if end == part.end else PassagePart(part.start, end, "item")
