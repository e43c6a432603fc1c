"""Rows of a table, as they were indexed (``Column: value; Column: value``), as a table again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

TextRange = tuple[int, int]
_NAMED = re.compile(r"(?:^|; )([^:;]{1,60}): ")
_BARE = re.compile(r" \| |; ")
MOST_COLUMNS = 40


@dataclass(frozen=True, slots=True)
class TableCell:
    """A value at ``start:end`` of the document's text, under the column ``name``, "" for none."""

    name: str
    start: int
    end: int


def columns(text: str, rows: Sequence[TextRange]) -> tuple[list[str], list[list[list[TextRange]]]]:
    """Return the names of the columns, "" for those without, and of each row the ranges in each."""
    cut = cells(text, rows)
    names = list(dict.fromkeys(c.name for row in cut for c in row if c.name))[:MOST_COLUMNS]
    bare = max(sum(not cell.name for cell in row) for row in cut)
    return [""] * bare + names, [_in_columns(row, names, bare) for row in cut]


def _in_columns(row: Sequence[TableCell], names: Sequence[str], bare: int) -> list[list[TextRange]]:
    found: list[list[TextRange]] = [[(cell.start, cell.end)] for cell in row if not cell.name]
    found += [[] for _ in range(bare - len(found))]
    return found + [[(c.start, c.end) for c in row if c.name == name] for name in names]


def cells(text: str, rows: Sequence[TextRange]) -> list[list[TableCell]]:
    """Cut rows into cells. A name counts if other rows have it too: values may hold colons."""
    seen: Counter[str] = Counter()
    for start, end in rows:
        seen.update({match[1] for match in _NAMED.finditer(text[start:end])})
    known = {name for name, times in seen.items() if times > 1 or len(rows) < 3}
    return [_row(text, start, end, known) for start, end in rows]


def _row(text: str, start: int, end: int, known: set[str]) -> list[TableCell]:
    row = text[start:end]
    found = [match for match in _NAMED.finditer(row) if match[1] in known]
    if not found:
        return _unnamed(row, start)
    lead = _unnamed(row[: found[0].start()], start) if found[0].start() else []
    ends = [match.start() for match in found[1:]] + [len(row)]
    named = [
        TableCell(match[1], start + match.end(), start + stop)
        for match, stop in zip(found, ends, strict=True)
    ]
    return lead + named


def _unnamed(row: str, start: int) -> list[TableCell]:
    edges = [0, *(edge for match in _BARE.finditer(row) for edge in match.span()), len(row)]
    return [
        TableCell("", start + a, start + b) for a, b in zip(edges[::2], edges[1::2], strict=True)
    ]
