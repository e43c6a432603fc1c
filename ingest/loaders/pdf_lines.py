"""Lines and columns of a PDF page, from the places of its runs.

Columns are read one after the other: if prose stands on both sides of a white gutter, the left
side comes first. Cells of a table stand beside each other too, but are short, so they stay in
their row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from ingest.loaders.boxed_text import BoxedText, joined
from ingest.loaders.pdf_text import TextRun

CELL_GAP = 1.0  # white space between cells, in font heights; words stand closer
MOST_RUNS = 1_000  # on a baseline, MOST_GUTTERS tried and MOST_COLUMNS beside each other: more is
MOST_GUTTERS = 60  # no page that somebody reads, and these bound the time that one takes
MOST_COLUMNS = 30
GUTTER_LINES = 4  # lines on both sides before white space counts as a gutter
SIGN = re.compile(r"[$€£¥(]+")
TAIL = re.compile(r"(?<!\s)\s+([$€£¥])$")
BULLET = re.compile(
    r"[•◦▪●■–—*-]{1,3}|\(?(?:[0-9]{1,2}|[a-zA-Z]|[ivx]{1,4})[.)]"
    r"|(?i:item|part|note|section|article)\s+(?:\d{1,2}[A-Z]?|[IVX]{1,4})[.:]?"
)
GLUE_LAST = re.compile(r"[)%]+|\)?\s*%|pts?|bps")
LEADERS = re.compile(r"(?:\s?\.){4,}")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a page: its cells from left to right, one cell if it is no table row."""

    cells: tuple[TextRun, ...]
    region: int = 0

    @property
    def content(self) -> BoxedText:
        """The line's words with their boxes."""
        return joined((cell.content for cell in self.cells), " | ")

    @property
    def text(self) -> str:
        """The line's words, with a bar between cells."""
        return " | ".join(cell.text for cell in self.cells)

    @property
    def x0(self) -> float:
        """Left end, in points."""
        return self.cells[0].x0

    @property
    def x1(self) -> float:
        """Right end, in points."""
        return self.cells[-1].x1

    @property
    def y(self) -> float:
        """Height of the baseline, in points."""
        return self.cells[0].y

    @property
    def size(self) -> float:
        """Height of the largest font in the line."""
        return max(cell.size for cell in self.cells)

    @property
    def bold(self) -> bool:
        """Whether all of it is bold."""
        return all(cell.bold for cell in self.cells)


def page_lines(runs: Sequence[TextRun]) -> list[Line]:
    """Return a page's lines in reading order; text turned sideways comes last."""
    lines: list[Line] = []
    letters: Counter[int] = Counter()
    for run in runs:
        letters[run.turn] += len(run.text)
    for turn in sorted(letters, key=lambda turn: (-letters[turn], turn)):
        segments = [s for line in _baselines(runs, turn) for s in _segments(line)]
        for region in _regions(segments, MOST_COLUMNS):
            number = lines[-1].region + 1 if lines else 0
            lines += [replace(line, region=number) for line in _region_lines(region)]
    return lines


def _baselines(runs: Iterable[TextRun], turn: int) -> list[list[TextRun]]:
    """Group runs by baseline; small ones (footnote marks) join the line beside them."""
    lines: list[list[TextRun]] = []
    for run in sorted((r for r in runs if r.turn == turn), key=lambda r: (-r.y, r.x0)):
        last = lines[-1] if lines else None
        if last and len(last) < MOST_RUNS and _is_beside(last, run):
            last.append(run)
        else:
            lines.append([run])
    return [sorted(line, key=lambda r: r.x0) for line in lines]


def _is_beside(line: Sequence[TextRun], run: TextRun) -> bool:
    drop = (line[0].y - run.y) / max(run.size, line[0].size)
    if 0.3 <= drop < 0.6:
        return all(run.x0 >= other.x1 - 1 or run.x1 <= other.x0 + 1 for other in line)
    return drop < 0.3


def _segments(line: Sequence[TextRun]) -> list[TextRun]:
    """Join the runs of a line that stand as close as words do; drop text drawn twice."""
    segments: list[TextRun] = []
    for run in line:
        last = segments[-1] if segments else None
        if last and run.text == last.text and abs(run.x0 - last.x0) < 0.15 * run.size:
            continue  # a shadow: the same words drawn again to look bold
        if last and run.x0 - last.x1 < CELL_GAP * max(run.size, last.size):
            segments[-1] = _joined(last, run)
        else:
            segments.append(run)
    return segments


def _joined(left: TextRun, right: TextRun) -> TextRun:
    apart = right.x0 - left.x1 > 0.12 * max(left.size, right.size)
    gap = apart or left.blank[1] or right.blank[0]
    content = joined(
        (left.content, right.content), " " if gap and right.text[0] not in ")%," else ""
    )
    wider = left if len(left.text) >= len(right.text) else right
    bold = left.bold and right.bold
    x1, blank = max(left.x1, right.x1), (left.blank[0], right.blank[1])
    return replace(left, x1=x1, content=content, size=wider.size, bold=bold, blank=blank)


def _regions(segments: list[TextRun], most: int) -> list[list[TextRun]]:
    """Split a page into regions to be read one after the other, columns from left to right.

    It is split ``most`` times within itself.
    """
    segments = sorted(segments, key=lambda s: (-s.y, s.x0))
    found = _gutter(segments) if most else None
    if found is None:
        return [segments] if segments else []
    gutter, crossing = found
    regions: list[list[TextRun]] = []
    for band in _bands(segments, crossing):
        columns = _columns(band, gutter)
        if columns is None:
            regions.append(band)
        else:
            regions += [region for side in columns for region in _regions(side, most - 1)]
    return regions


def _gutter(segments: list[TextRun]) -> tuple[float, set[int]] | None:
    """Return a gutter's place and the segments (by id) that cross it, or None."""
    if len(segments) < 2 * GUTTER_LINES:
        return None
    left, right = min(s.x0 for s in segments), max(s.x1 for s in segments)
    edge = 0.15 * (right - left)
    starts = Counter(round(s.x0) for s in segments)
    inner = (x for x, count in starts.items() if count >= 3 and left + edge < x < right - edge)
    most, best = 0, None
    likeliest = sorted(inner, key=lambda x: -starts[x])[:MOST_GUTTERS]
    for gutter in sorted(x - 1.5 for x in likeliest):
        crossing = {id(s) for s in segments if s.x0 < gutter < s.x1}
        gained = sum(len(b) for b in _bands(segments, crossing) if _columns(b, gutter))
        if gained > most:
            most, best = gained, (gutter, crossing)
    return best


def _bands(segments: list[TextRun], crossing: set[int]) -> list[list[TextRun]]:
    """Cut a page, from top to bottom, at the segments that cross the gutter: bands of their own."""
    bands: list[list[TextRun]] = []
    crossed: bool | None = None
    for segment in segments:
        now = id(segment) in crossing
        if now is not crossed:
            bands.append([])
        bands[-1].append(segment)
        crossed = now
    return bands


def _columns(band: list[TextRun], gutter: float) -> tuple[list[TextRun], list[TextRun]] | None:
    """Return both sides of a gutter if they are prose; the short cells of a table are not."""
    left = [s for s in band if s.x1 <= gutter]
    right = [s for s in band if s.x0 >= gutter]
    if min(len(left), len(right)) < GUTTER_LINES:
        return None
    width = max(s.x1 for s in left) - min(s.x0 for s in left)
    prose = _is_prose(left, width) and _is_prose(right, max(s.x1 for s in right) - gutter)
    return (left, right) if prose else None


def _is_prose(segments: list[TextRun], width: float) -> bool:
    words = _typical(segments, lambda s: len(s.text.split()))
    filled = _typical(segments, lambda s: s.x1 - s.x0) / max(width, 1.0)
    return words >= 3 and filled >= 0.55


def _typical(segments: list[TextRun], measure: Callable[[TextRun], float]) -> float:
    """Return the median by letters: a table's many short cells do not outvote the prose."""
    half, seen = sum(len(s.text) for s in segments) / 2, 0
    for segment in sorted(segments, key=measure):
        seen += len(segment.text)
        if seen >= half:
            return measure(segment)
    return 0.0


def _region_lines(segments: list[TextRun]) -> list[Line]:
    turn = segments[0].turn  # a region's runs all stand the same way
    lines = (Line(tuple(_glued(cells))) for cells in _baselines(segments, turn))
    return [line for line in lines if line.cells]  # there may have been nothing but leaders


def _glued(cells: Sequence[TextRun]) -> list[TextRun]:
    """Put signs and bullets to the cell they belong to: ``$`` and ``27,502`` are one."""
    glued: list[TextRun] = []
    carried = BoxedText("")
    for number, cell in enumerate(cells, 1):
        cell = replace(cell, content=_without_leaders(joined((carried, cell.content))))
        carried = BoxedText("")
        if number < len(cells) and (tail := TAIL.search(cell.text)):
            carried = cell.content.cut(tail.start(1))
            cell = replace(cell, content=cell.content.cut(0, tail.start()))
        last = glued[-1] if glued else None
        sign = last is not None and SIGN.fullmatch(last.text) is not None
        if last and (sign or (len(glued) == 1 and BULLET.fullmatch(last.text))):
            content = joined((last.content, cell.content), "" if sign else " ")
            glued[-1] = replace(cell, x0=last.x0, content=content)
        elif last and GLUE_LAST.fullmatch(cell.text):
            glued[-1] = replace(last, x1=cell.x1, content=joined((last.content, cell.content)))
        elif cell.text:
            glued.append(cell)
    return glued


def _without_leaders(content: BoxedText) -> BoxedText:
    """Return a cell without the dots that lead the eye to the next one."""
    ends = [0, *(edge for match in LEADERS.finditer(content.text) for edge in match.span())]
    if len(ends) == 1:
        return content
    parts = (content.cut(a, b).strip() for a, b in zip(ends[::2], [*ends[1::2], None], strict=True))
    return joined((part for part in parts if part.text), " ")
