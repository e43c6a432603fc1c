"""Tables as lines of cells, ``Total net sales | 82,959 | 81,434``, read into rows with their names.

A line with figures is a row. Lines without, above it, are its header: the widest one has a name a
column, narrower ones spread over several, a single time (``Three Months Ended May 1, 2022``) over
all. A row of another format, ``Mission: Voyager 2; Launched: 1977``, names its columns itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from rag.text.numbers import is_value
from rag.text.passages import BAR
from rag.text.periods import is_period
from rag.text.spans import Span

_LINE = re.compile(r"^.*$", re.MULTILINE)
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
_PAIRS = re.compile(r"; (?=[^:;]{1,60}: )")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_LONGEST_LABEL = 100
_LOOK_BACK = 2000  # characters before a table that may introduce it


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row of a table at characters ``start:end`` of its text.

    ``section`` is the line above that its label belongs to, ``columns`` a name for every value or
    nothing if their counts differ, ``above`` what introduces the table.
    """

    start: int
    end: int
    label: str
    values: tuple[str, ...]
    columns: tuple[str, ...]
    section: str = ""
    unit: str = ""
    above: str = ""

    @property
    def full_label(self) -> str:
        """The label, after the section that it belongs to."""
        return f"{self.section}: {self.label}" if self.section else self.label


@dataclass(slots=True)
class _Table:
    """What is known of a table when the next line comes."""

    headers: list[list[str]] = field(default_factory=list)
    over_all: str = ""
    section: str = ""
    unit: str = ""
    in_dollars: set[int] = field(default_factory=set)
    has_rows: bool = False


def table_rows(text: str, header: str = "") -> tuple[list[TableRow], list[Span]]:
    """Return the rows of a text, and where the lines are that only name rows and columns.

    ``header`` is the header of a table that the text goes on with, its lines parted by ``; ``.
    """
    rows: list[TableRow] = []
    names: list[Span] = []
    table = _Table([line.split(BAR) for line in header.split("; ")] if header else [])
    table.unit = _unit(header)
    for lines in _blocks(text):
        if not any(BAR in line[0] for line in lines):
            table = _Table(unit=_unit(" ".join(line[0] for line in lines)))
            continue
        above = _above(text[max(0, lines[0].start() - _LOOK_BACK) : lines[0].start()])
        for line, is_data in zip(lines, _data_lines(lines), strict=True):
            if is_data and (len(lines) > 1 or table.headers):
                rows.append(_row(line, table, above))
            elif BAR in line[0] or _names(line[0]):
                names.append(line.span())
                _take(line[0], table)
        table = _Table()
    return rows, names


def pairs(line: str, start: int, above: str = "") -> TableRow:
    """Return ``Name: value; Column: value`` as a row; a value may hold semicolons.

    The column of labels may have no name: ``Label; Column: value``. ``above`` may give the unit.
    """
    first, *others = _PAIRS.split(line.strip())
    label = (first.partition(": ")[2] or first).strip()
    cells = [pair.partition(": ") for pair in others]
    filled = [(name.strip(), value.strip()) for name, _, value in cells if value.strip()]
    columns, values = tuple(name for name, _ in filled), tuple(value for _, value in filled)
    unit = _unit_of(label, _unit(above))
    return TableRow(start, start + len(line), label, values, columns, unit=unit)


def _blocks(text: str) -> Iterator[list[re.Match[str]]]:
    """Yield runs of lines that no blank line parts."""
    for blank, run in groupby(_LINE.finditer(text), lambda line: not line[0].strip()):
        if not blank:
            yield list(run)


def _data_lines(lines: Sequence[re.Match[str]]) -> list[bool]:
    """Return which lines hold data: those with figures; of words alone, those below the first."""
    cells = [line[0].split(BAR) for line in lines]
    figures = [any(is_value(cell) for cell in own[1:]) for own in cells]
    wide = [len(own) > 1 for own in cells]
    if any(figures):
        header = figures.index(True) - 1
    else:
        even = len({len(own) for own in cells if len(own) > 1}) == 1 and sum(wide) > 2
        header = wide.index(True) if even else len(lines)
    return [
        figures[i] or (i > header and wide[i] and not all(map(is_period, own)))
        for i, own in enumerate(cells)
    ]


def _names(line: str) -> bool:
    """Return whether a line among rows names what follows, and is no sentence."""
    return len(line) <= _LONGEST_LABEL and not re.search(r"[.!?]\s*$", line)


def _take(line: str, table: _Table) -> None:
    """Note a line that is no row: of the header, a unit, or what the rows below belong to."""
    if unit := _unit(line):
        table.unit = unit
    first, *others = (cell.strip() for cell in line.split(BAR))
    wide = bool(others) and not all(map(_unit, others))
    if table.has_rows and (wide or is_period(first)):
        table.headers = [] if wide else table.headers
        table.has_rows, table.over_all = False, ""
        table.in_dollars.clear()
    if wide:
        table.headers.append([first, *others])
    elif is_period(first):
        table.over_all = f"{table.over_all} {first}".strip()
    elif not _unit(first) and _LETTERS.search(_BRACKETED.sub("", first)):
        table.section = first.rstrip(":")


def _row(line: re.Match[str], table: _Table, above: str) -> TableRow:
    table.has_rows = True
    label, *values = (cell.strip() for cell in line[0].split(BAR))
    if label.casefold().startswith("total"):
        table.section = ""
    names = f"{table.section} {label}"
    for i, value in enumerate(values):
        if value.startswith("$"):
            table.in_dollars.add(i)
        elif (
            i in table.in_dollars and not _COUNTS.search(names) and re.match(r"\(?\d[^%]*$", value)
        ):
            # Accountants put the sign in the first and the last row only.
            values[i] = f"${value}"
    headers = table.headers or [[""]] * (len(values) == 1)
    columns = tuple(f"{table.over_all} {name}".strip() for name in fit(headers, values))
    unit = _unit_of(names, table.unit)
    name = _NOTES.sub("", label).strip()
    return TableRow(*line.span(), name, tuple(values), columns, table.section, unit, above)


def _above(text: str) -> str:
    """Return the two paragraphs that end a text as far as they introduce something."""
    last = text.rstrip().rsplit("\n\n", 2)[-2:]
    return " ".join(part for part in last if not re.search(r"[.!?][\"”’)]*$", part.strip()))


def _unit(text: str) -> str:
    """Return the last unit that a text gives, ``in millions``, with its exceptions."""
    found = _UNIT.findall(text)
    return "".join(found[-1]).strip().casefold() if found else ""


def _unit_of(names: str, unit: str) -> str:
    """Return the unit of a row, none if the unit of its table has exceptions and it is a count."""
    return "" if "except" in unit and _COUNTS.search(names) else unit


def fit(headers: Sequence[Sequence[str]], values: Sequence[str]) -> tuple[str, ...]:
    """Return a name for each value, or nothing if header and row do not fit.

    Names are of the widest line; with one more, its first stands over the labels. With fewer they
    are those of the values that are no share, if the counts agree then.
    """
    if not headers or not values:
        return ()
    widest = max(headers, key=len)
    extra = len(widest) - len(values)
    if extra < 0:
        amounts = [i for i, value in enumerate(values) if not value.endswith("%")]
        own = fit(headers, [values[i] for i in amounts]) if len(amounts) < len(values) else ()
        names = dict(zip(amounts, own, strict=False))
        return tuple(names.get(i, "Change") for i in range(len(values))) if own else ()
    if extra > 1:
        return ()
    leaf = widest[extra:]
    parts = [leaf if line is widest else _spread(line, leaf) for line in headers]
    return tuple(" ".join(" ".join(part).split()) for part in zip(*parts, strict=True))


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
