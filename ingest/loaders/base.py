"""The words of the loaders: a page is a sequence of blocks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

BlockKind = Literal["heading", "paragraph", "row", "code"]
SHARES = 10_000
LONGEST_NAME = 500  # characters of a column's name: it stands in every row
MOST_NAMED = 20  # runs of pages in a warning
CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ufffe\uffff]")
LOCKED = "the PDF is encrypted"
"""How the reason begins that a password would settle."""
Box = tuple[int, int, int, int]
"""Left, top, right and bottom: shares of the page's width and height, times `SHARES`."""
Words = Sequence[tuple[int, int, Box]]
"""Start, end and box of the words of a text, ascending."""


@dataclass(frozen=True, slots=True)
class Block:
    """A structural unit of a page.

    ``text`` is never empty, stripped, and may hold newlines. ``level`` is 1 to 6 for headings
    and 0 for everything else. A ``row`` is one row of a table that carries its column names.
    ``words`` are the words of ``text`` that stand on a page. A row that ``begins`` a table does not
    belong to a table before it.
    """

    text: str
    kind: BlockKind = "paragraph"
    level: int = 0
    words: Words = ()
    begins: bool = False


@dataclass(frozen=True, slots=True)
class Page:
    """A page: ``number`` is 1-based if the format has pages (slides, sheets), else None."""

    number: int | None
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a loader read of a file, and a sentence for each part of it that it did not read.

    ``attached`` are files, by their names, that are to become documents of their own.
    """

    pages: Sequence[Page]
    warnings: tuple[str, ...] = ()
    attached: tuple[tuple[str, bytes], ...] = ()


def block(text: str, kind: BlockKind = "paragraph", level: int = 0) -> list[Block]:
    """Return one stripped block without control characters, or none if there is nothing to read."""
    stripped = CONTROLS.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()
    return [Block(stripped, kind, level)] if stripped else []


def pages_named(numbers: Iterable[int]) -> str:
    """Return pages in words: ``pages 2, 5–7``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    named = ", ".join("–".join(map(str, run)) for run in runs[:MOST_NAMED])
    more = " and others" if len(runs) > MOST_NAMED else ""
    return f"page {named}" if sum(map(len, runs)) == 1 else f"pages {named}{more}"


def one_line(text: str) -> str:
    """Return ``text`` with every run of white space made one space."""
    return " ".join(text.split())


def row(names: Sequence[str], values: Sequence[str]) -> list[Block]:
    """Return a table's row as one block that keeps the column names.

    ``row(["Planet", "Moons"], ["Mars", "2"])`` reads ``Planet: Mars; Moons: 2``. Empty cells are
    left out, cells without a name stand alone.
    """
    parts = []
    for index, value in enumerate(values):
        cell = one_line(value)
        name = names[index] if index < len(names) else ""
        if cell:
            parts.append(f"{name}: {cell}" if name and name != cell else cell)
    return block("; ".join(parts), "row")


def table(rows: Iterable[Sequence[str]], header: bool = True) -> list[Block]:
    """Return a table's rows as blocks; the first row that is not empty names the columns.

    With ``header`` false, or if a name is long, no row names the columns. A table of one row is
    that row's cells. The names of columns without values are a row of their own, the first.
    """
    blocks = _table_rows(rows, header)
    return [replace(blocks[0], begins=True), *blocks[1:]] if blocks else []


def _table_rows(rows: Iterable[Sequence[str]], header: bool) -> list[Block]:
    filled = [r for r in rows if any(cell.strip() for cell in r)]
    if not header or len(filled) < 2 or not are_names(filled[0]):
        return [b for cells in filled for b in row([], cells)]
    names = [one_line(cell).rstrip(":") for cell in filled[0]]
    used = {i for cells in filled[1:] for i, cell in enumerate(cells) if cell.strip()}
    unused = row([], [name for i, name in enumerate(names) if i not in used])
    return unused + [b for cells in filled[1:] for b in row(names, cells)]


def are_names(cells: Iterable[str]) -> bool:
    """Return whether cells are short enough to be repeated in every row."""
    return all(len(cell) <= LONGEST_NAME for cell in cells)


def grid(rows: Iterable[Sequence[str]]) -> list[Block]:
    """Return the rows of a sheet as blocks.

    Lines of one cell above the table (a title, a note) are paragraphs. The first full row names
    the columns unless it holds a number, as data does.
    """
    filled = [r for r in rows if any(cell.strip() for cell in r)]
    widest = max((_cells(r) for r in filled), default=0)
    most = len(filled) - 1 if widest > 1 else 0
    above = next((i for i in range(most) if _cells(filled[i]) != 1), max(most, 0))
    blocks = [b for cells in filled[:above] for b in block(one_line(" ".join(cells)))]
    rest = filled[above:]
    header = bool(rest) and not any(_is_number(cell) for cell in rest[0])
    return blocks + table(rest, header)


def _cells(row: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in row)


def _is_number(cell: str) -> bool:
    bare = cell.strip().strip("$€£%()").replace(",", "").replace(".", "").replace("-", "")
    return bare.isdigit() and not (len(bare) == 4 and bare[:2] in ("19", "20"))
