"""Rows of a table, as they were indexed (``Column: value; Column: value``), as a table again."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ui.shared.frame import escape

Place = tuple[int, int]
Show = Callable[[int, int], str]
_NAMED = re.compile(r"(?:^|; )([^:;]{1,60}): ")
_BARE = re.compile(r" \| |; ")
MOST_COLUMNS = 40


@dataclass(frozen=True, slots=True)
class Cell:
    """A value at ``start:end`` of the document's text, under the column ``name``, "" for none."""

    name: str
    start: int
    end: int


def cells(text: str, rows: Sequence[Place]) -> list[list[Cell]]:
    """Cut rows into cells. A name counts where other rows have it too: values may hold colons."""
    seen: Counter[str] = Counter()
    for start, end in rows:
        seen.update({match[1] for match in _NAMED.finditer(text[start:end])})
    known = {name for name, times in seen.items() if times > 1 or len(rows) < 3}
    return [_row(text, start, end, known) for start, end in rows]


def _row(text: str, start: int, end: int, known: set[str]) -> list[Cell]:
    row = text[start:end]
    found = [match for match in _NAMED.finditer(row) if match[1] in known]
    if not found:
        return _unnamed(row, start)
    lead = _unnamed(row[: found[0].start()], start) if found[0].start() else []
    ends = [match.start() for match in found[1:]] + [len(row)]
    named = [
        Cell(match[1], start + match.end(), start + stop)
        for match, stop in zip(found, ends, strict=True)
    ]
    return lead + named


def _unnamed(row: str, start: int) -> list[Cell]:
    made, at = [], 0
    for match in _BARE.finditer(row):
        made.append(Cell("", start + at, start + match.start()))
        at = match.end()
    return [*made, Cell("", start + at, start + len(row))]


def table(text: str, rows: Sequence[Place], show: Show, inside: Callable[[int, int], bool]) -> str:
    """Return rows as an HTML table; ``show`` writes a place, ``inside`` tells the passage's."""
    cut = cells(text, rows)
    names = list(dict.fromkeys(c.name for row in cut for c in row if c.name))[:MOST_COLUMNS]
    bare = max(sum(not cell.name for cell in row) for row in cut)
    head = "".join(
        f'<th scope="col">{escape(name)}</th>' for name in ["" for _ in range(bare)] + names
    )
    body = "".join(
        f'<tr class="{"in" if inside(*place) else "out"}">{_cells(row, names, bare, show)}</tr>'
        for place, row in zip(rows, cut, strict=True)
    )
    top = f"<thead><tr>{head}</tr></thead>" if names else ""
    return f'<div class="rl-rows"><table>{top}<tbody>{body}</tbody></table></div>'


def _cells(row: Sequence[Cell], names: Sequence[str], bare: int, show: Show) -> str:
    unnamed = [show(cell.start, cell.end) for cell in row if not cell.name]
    unnamed += [""] * (bare - len(unnamed))
    by_name: dict[str, str] = {}
    for cell in row:
        if cell.name:
            by_name[cell.name] = by_name.get(cell.name, "") + show(cell.start, cell.end)
    values = [*unnamed, *(by_name.get(name, "") for name in names)]
    return "".join(f"<td>{value}</td>" for value in values)
