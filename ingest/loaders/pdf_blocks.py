"""Headings, paragraphs and table rows of a PDF page, from its lines."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median

from ingest.loaders.base import Block
from ingest.loaders.boxed_text import BoxedText, joined
from ingest.loaders.pdf_lines import Line
from ingest.loaders.pdf_text import SOFT_HYPHEN

BULLET = re.compile(r"[•◦▪●■*–—-]\s|\(?(?:[0-9]{1,2}|[a-zA-Z]|[ivx]{1,4})[.)]\s")
PART = re.compile(r"(?i:part|chapter|appendix|annex)\s+[\dIVXA-Z]+\b")
ITEM = re.compile(r"(?i:item|section|article|note)\s+\d+|\d{1,2}\.\s")
CUT = re.compile(r"(?<![\w-])[^\W\d_]+[-\u00ad\u2010]$")
COMPOUND = re.compile(r"[^\W\d_]+[-\u2010]\w")
LONGEST_HEADING = 160
LONGEST_WORD = 200
HEADING_LINES = 3
LARGER = 1.12  # of the body's height, at least
MOST_LINES = 250  # of a paragraph or table; a page that is read has fewer, and this bounds the time


@dataclass(frozen=True, slots=True)
class Style:
    """The fonts of a document: the height of its body text and the larger ones, largest first."""

    body: float
    larger: tuple[float, ...]

    @classmethod
    def of(cls, lines: Iterable[Line]) -> Style:
        """Weigh the font heights of a document's lines by their letters."""
        letters: Counter[float] = Counter()
        for line in lines:
            letters[_half_points(line.size)] += len(line.text)
        body = max(letters, key=lambda size: letters[size]) if letters else 10.0
        larger = sorted((s for s in letters if s >= body * LARGER), reverse=True)
        return cls(body, tuple(larger))

    def level(self, line: Line) -> int:
        """Return a line's level as a heading, 0 if its font is that of body text."""
        size = _half_points(line.size)
        if size >= self.body * LARGER:
            return 1 if size == self.larger[0] else 2
        capitals = line.text.isupper() and len(line.text) > 5 and len(line.cells) == 1
        if (line.bold or capitals) and size >= self.body * 0.7:
            return min(len(self.larger), 2) + _depth(line.text)
        return 0


def page_blocks(lines: Sequence[Line], style: Style) -> list[Block]:
    """Return a page's blocks in reading order."""
    blocks: list[Block] = []
    pitch = _pitch(lines)
    for group in _groups(lines, style, pitch):
        if any(_is_row(line) for line in group):
            blocks += [Block(row.text, "row", 0, row.words) for row in _rows(group)]
        else:
            blocks += _prose(group, style)
    return blocks


def _prose(group: Sequence[Line], style: Style) -> list[Block]:
    content = _mended([line.content for line in group])
    level = min(style.level(line) for line in group)
    if level and len(group) <= HEADING_LINES and _reads_as_heading(content.text):
        return [Block(content.text, "heading", level, content.words)]
    return [Block(content.text, "paragraph", 0, content.words)]


def _reads_as_heading(text: str) -> bool:
    letters = sum(char.isalpha() for char in text)
    fits = letters >= 3 and len(text) <= LONGEST_HEADING
    return fits and text[-1] not in ".,;:" and text[0] not in "(/"


def _groups(lines: Sequence[Line], style: Style, pitch: float) -> Iterator[list[Line]]:
    """Yield runs of lines that are one paragraph, one heading or one table."""
    group: list[Line] = []
    for index, line in enumerate(lines):
        after = lines[index + 1 : index + 4]
        if group and not (len(group) < MOST_LINES and _belongs(group, line, after, style, pitch)):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _belongs(
    group: Sequence[Line], line: Line, after: Sequence[Line], style: Style, pitch: float
) -> bool:
    last = group[-1]
    if last.region != line.region:
        return False
    if any(map(_is_row, group)):
        return _is_row(line) or _is_label(group, line, after, pitch)
    headed = _heads_columns(last, [line, *after], pitch)
    if _is_row(line):
        return headed
    heads = _heads_columns(line, after, pitch)
    if heads or headed:
        return heads and headed
    if style.level(last) != style.level(line):
        return False
    return not _is_new_paragraph(group, line, pitch)


def _is_label(group: Sequence[Line], line: Line, after: Sequence[Line], pitch: float) -> bool:
    """Return whether it is a line inside a table (``Current assets:``), not below it."""
    width = max(x.x1 for x in group) - min(x.x0 for x in group)
    values = min(x.cells[1].x0 for x in group if _is_row(x))
    short = line.x1 - line.x0 < 0.7 * width or line.x1 < values + 1
    close = _drop(group[-1], line) < 2.2 * pitch
    return short and close and any(_is_row(x) and x.region == line.region for x in after)


def _heads_columns(line: Line, after: Sequence[Line], pitch: float) -> bool:
    """Return whether it is a column's name alone above a table (``Three Months Ended``)."""
    row = next((x for x in after if _is_row(x)), None)
    if row is None or _is_row(line) or row.region != line.region:
        return False
    near = 0 < _drop(line, row) < 2.2 * pitch * (1 + after.index(row))
    left = min(x.x0 for x in after)
    beside = line.x0 > min(left + 8 * line.size, row.cells[0].x1)
    return near and beside and line.x1 <= row.x1 + 4 * line.size


def _is_new_paragraph(group: Sequence[Line], line: Line, pitch: float) -> bool:
    last = group[-1]
    drop = _drop(last, line)
    if drop > 1.35 * max(pitch, 1.05 * line.size) or drop < 0 or BULLET.match(line.text):
        return True
    left, right = min(x.x0 for x in group), max(x.x1 for x in group)
    indent = line.x0 - last.x0
    if 0.8 * line.size < indent < 4 * line.size and not BULLET.match(group[0].text):
        return abs(last.x0 - left) < 1 and len(group) > 1
    ended = last.text[-1] in ".!?:" and last.x1 < left + 0.8 * (right - left)
    return ended and line.text[:1].isupper()


def _is_row(line: Line) -> bool:
    return len(line.cells) > 1


def _rows(group: Sequence[Line]) -> list[BoxedText]:
    """Return a table's rows; a label that runs over two lines is one."""
    rows: list[BoxedText] = []
    group = list(_dates_whole(group))
    for line, before in zip(group, [None, *group[:-1]], strict=True):
        goes_on = line.text[:1].islower() and before is not None and not _is_row(before)
        if rows and goes_on and not rows[-1].text.endswith((":", ".")):
            rows[-1] = joined((rows[-1], line.content), " ")
        else:
            rows.append(line.content)
    return rows


def _dates_whole(group: Sequence[Line]) -> Iterator[Line]:
    """Yield a table's lines; ``June 25, | June 26,`` above ``2022 | 2021`` become one."""
    above: Line | None = None
    for line in group:
        if above is not None and len(above.cells) == len(line.cells):
            pairs = zip(above.cells, line.cells, strict=True)
            cells = (replace(b, content=joined((a.content, b.content), " ")) for a, b in pairs)
            yield replace(line, cells=tuple(cells))
            above = None
            continue
        if above is not None:
            yield above
        above = line if all(cell.text.endswith(",") for cell in line.cells) else None
        if above is None:
            yield line
    if above is not None:
        yield above


def _mended(lines: Sequence[BoxedText]) -> BoxedText:
    """Join lines to one text; words cut at the end of a line become whole.

    A compound's own hyphen stays if there is another in it (``year-over-year``).
    """
    parts, end = [lines[0]], lines[0].text
    for line in lines[1:]:
        end = end[-LONGEST_WORD:]
        whole = CUT.search(end) and line.text[:1].islower() and not COMPOUND.match(line.text)
        if whole or end.endswith(SOFT_HYPHEN):
            parts[-1] = parts[-1].cut(0, -1)
            end = end[:-1] + line.text
        elif end.endswith(("-", "\u2010", "/")):
            end += line.text
        else:
            parts.append(BoxedText(" "))
            end = line.text
        parts.append(line)
    return joined(parts)


def _pitch(lines: Sequence[Line]) -> float:
    """Return the usual distance between lines of text, in points."""
    drops = [
        _drop(a, b)
        for a, b in pairwise(lines)
        if a.region == b.region and 0 < _drop(a, b) < 2.5 * b.size
    ]
    return median(drops) if drops else 12.0


def _drop(above: Line, below: Line) -> float:
    return above.y - below.y


def _depth(text: str) -> int:
    """Rank headings of one font by their words: parts above items, items above the rest."""
    if PART.match(text):
        return 1
    if ITEM.match(text):
        return 2
    return 3 if text.isupper() else 4


def _half_points(size: float) -> float:
    return round(size * 2) / 2
