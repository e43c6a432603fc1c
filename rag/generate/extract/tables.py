"""Tables as a PDF gives them: lines of cells, ``Total net sales | 82,959 | 81,434``.

A line with figures is a row; lines without, above it, are its header, the widest one a name a
column and narrower ones spread over several. A chunk that goes on with a table has the header as
the last part of its heading.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from rag.text.numbers import is_value
from rag.text.passages import BAR
from rag.text.periods import is_period
from rag.text.spans import Span

_LINE = re.compile(r"[^\n]+")
_YEAR = re.compile(r"(?:19|20)\d\d")
_UNIT = re.compile(
    r"\(?(?:(?:dollars|amounts|shares|[$€£]) ){0,3}(in (?:thousands|millions|billions))([^)\n]*)",
    re.I,
)
_COUNTS = re.compile(
    r"\b(?:shares?|number|counts?|headcount|employees|customers|stores|units|years|rates?|ratio"
    r"|percent\w*)\b",
    re.IGNORECASE,
)
_BRACKETED = re.compile(r"\([^()]*\)")
_NOTES = re.compile(r"(?:\s?\(\d\)){1,9}$|®")
_LONGEST_LABEL = 100
_LOOK_BACK = 2000  # characters before a table that may introduce it


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table at characters ``start:end`` of its passage.

    ``section`` is the line above that its label belongs to, ``columns`` a name for every value or
    nothing if their counts differ, ``above`` what introduces the table. ``names`` is where
    section and label stand.
    """

    start: int
    end: int
    label: str
    section: str
    values: tuple[str, ...]
    columns: tuple[str, ...]
    unit: str = ""
    above: str = ""
    names: tuple[Span, ...] = ()

    @property
    def full_label(self) -> str:
        """The label, after the section that it belongs to."""
        return f"{self.section}: {self.label}" if self.section else self.label


@dataclass(slots=True)
class _Table:
    """What is known of a table when the next line comes."""

    headers: list[list[str]] = field(default_factory=list)
    section: str = ""
    section_start: int = 0
    unit: str = ""
    in_dollars: set[int] = field(default_factory=set)
    has_rows: bool = False


def table_rows(text: str, heading: Sequence[str] = ()) -> tuple[list[TableRow], list[Span]]:
    """Return the rows of a passage, and where the lines are that only name rows and columns."""
    rows: list[TableRow] = []
    names: list[Span] = []
    last = heading[-1] if heading and BAR in heading[-1] else ""
    table = _Table([line.split(BAR) for line in last.split("; ")] if last else [], unit=_unit(last))
    for lines in _blocks(text):
        if not any(BAR in line[0] for line in lines):
            table = _Table(unit=_unit(" ".join(line[0] for line in lines)))
            continue
        above = _above(text[max(0, lines[0].start() - _LOOK_BACK) : lines[0].start()])
        data = _data_lines([line[0].split(BAR) for line in lines])
        for line, is_data in zip(lines, data, strict=True):
            if is_data:
                rows.append(_row(line, table, above))
            elif BAR in line[0] or _names(line[0]):
                names.append(line.span())
                _take(line, table)
        table = _Table()
    return rows, names


def _blocks(text: str) -> Iterator[list[re.Match[str]]]:
    """Yield runs of lines that no blank line parts."""
    block: list[re.Match[str]] = []
    for line in _LINE.finditer(text):
        if block and text[block[-1].end() : line.start()] != "\n":
            yield block
            block = []
        if line[0].strip():
            block.append(line)
    if block:
        yield block


def _data_lines(lines: Sequence[Sequence[str]]) -> list[bool]:
    """Return which lines hold data: those with figures; of words alone, those below the first."""
    figures = [any(is_value(cell) for cell in cells[1:]) for cells in lines]
    wide = [len(cells) > 1 for cells in lines]
    header = -1
    if any(figures):
        header = figures.index(True) - 1
    elif sum(wide) > 2 and len({len(cells) for cells in lines if len(cells) > 1}) == 1:
        header = wide.index(True)
    return [
        figures[i] or (i > header and wide[i] and not _all_periods(cells))
        for i, cells in enumerate(lines)
    ]


def _all_periods(cells: Sequence[str]) -> bool:
    return all(is_period(cell) for cell in cells)


def _names(line: str) -> bool:
    """Return whether a line among rows names what follows, and is no sentence."""
    return len(line) <= _LONGEST_LABEL and not re.search(r"[.!?]\s*$", line)


def _take(match: re.Match[str], table: _Table) -> None:
    """Note a line that is no row: of the header, a unit, or what the rows below belong to."""
    line = match[0]
    if unit := _unit(line):
        table.unit = unit
    if BAR in line or is_period(line):
        if table.has_rows:
            table.headers, table.has_rows = [], False
            table.in_dollars.clear()
        table.headers.append([cell.strip() for cell in line.split(BAR)])
    elif not unit and re.search(r"[^\W\d_]{3}", _BRACKETED.sub("", line)):
        table.section, table.section_start = line.strip().rstrip(":"), match.start()


def _row(line: re.Match[str], table: _Table, above: str) -> TableRow:
    table.has_rows = True
    label, *values = (cell.strip() for cell in line[0].split(BAR))
    if label.casefold().startswith("total"):
        table.section = ""
    counts = bool(_COUNTS.search(f"{table.section} {label}"))
    for i, value in enumerate(values):
        if value.startswith("$"):
            table.in_dollars.add(i)
        elif i in table.in_dollars and not counts and re.match(r"\(?\d[^%]*$", value):
            # Accountants put the sign in the first and the last row only.
            values[i] = f"${value}"
    columns = fit(table.headers, len(values))
    unit = "" if "except" in table.unit and counts else table.unit
    name = _NOTES.sub("", label).strip()
    start = line.start()
    names = [(start, start + len(label))]
    if table.section:
        names.append((table.section_start, table.section_start + len(table.section)))
    return TableRow(
        start, line.end(), name, table.section, tuple(values), columns, unit, above, tuple(names)
    )


def _above(text: str) -> str:
    """Return the two paragraphs that end a text as far as they introduce something."""
    last = text.rstrip().rsplit("\n\n", 2)[-2:]
    return " ".join(part for part in last if not re.search(r"[.!?][\"”’)]*$", part.strip()))


def _unit(text: str) -> str:
    """Return the last unit that a text gives, ``in millions``, with its exceptions."""
    found = _UNIT.findall(text)
    return "".join(found[-1]).strip().casefold() if found else ""


def fit(headers: Sequence[Sequence[str]], count: int) -> tuple[str, ...]:
    """Return a name for each of ``count`` values, or nothing if header and row do not fit.

    Names are of the widest line; with one more, its first stands over the labels; with several
    more, only dates at its end are sure to be of these values.
    """
    if not headers or not count:
        return ()
    widest = max(headers, key=len)
    extra = len(widest) - count
    if extra < 0 or (extra > 1 and not _ends_in_periods(widest, count)):
        return ()
    leaf = widest[extra:]
    lines = [widest] if extra > 1 else headers
    parts = [leaf if line is widest else _spread(line, leaf) for line in lines]
    return tuple(" ".join(" ".join(part).split()) for part in zip(*parts, strict=True))


def _ends_in_periods(cells: Sequence[str], count: int) -> bool:
    return _all_periods(cells[-count:]) and not any(is_period(cell) for cell in cells[:-count])


def _spread(line: Sequence[str], leaf: Sequence[str]) -> list[str]:
    """Return the cells of a narrower line, one for each of ``leaf``, blank if it is not clear.

    July 1, | June 25,      over    2023 | 2022 | Change    belongs to the years only.
    """
    years = [i for i, cell in enumerate(leaf) if _YEAR.fullmatch(cell)]
    if len(years) == len(line) < len(leaf):
        return [line[years.index(i)] if i in years else "" for i in range(len(leaf))]
    if len(leaf) % len(line) == 0:
        return [cell for cell in line for _ in range(len(leaf) // len(line))]
    over = len(line) - 1
    if over and len(leaf) % over == 0:
        stub = "" if _unit(line[0]) else line[0]
        return [f"{stub} {cell}" for cell in line[1:] for _ in range(len(leaf) // over)]
    return [""] * len(leaf)
