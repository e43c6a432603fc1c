"""Lines of a picture as lines of a page, for the code that reads a PDF's columns and tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from operator import itemgetter

from ingest.loaders.base import Block
from ingest.loaders.boxed_text import BoxedText
from ingest.loaders.pdf_blocks import Style, page_blocks
from ingest.loaders.pdf_lines import Line, page_lines
from ingest.loaders.pdf_text import TextRun
from ingest.loaders.pictures import PictureLine, PictureText

BODY = 10.0  # points: the height of most letters, whatever the picture's resolution
LETTERS_HIGH = 0.7  # of a line's box, which has white above and below
MARGIN = 0.2  # of its height, at its left and its right
SAME = (0.7, 1.4)  # heights that are body text, as times the usual one: boxes vary with the letters
LONG = 10  # letters of a line whose slope counts


def picture_blocks(text: PictureText) -> list[Block]:
    """Return a picture's headings, paragraphs and rows in reading order."""
    lines = picture_lines(text)
    return page_blocks(lines, Style.of(lines))


def picture_lines(text: PictureText) -> list[Line]:
    """Return a picture's lines in reading order, body text `BODY` points high."""
    slope = _median((_slope(x), len(x.text)) for x in text.lines if len(x.text) >= LONG)
    placed = [(line, _place(line, slope)) for line in text.lines]
    usual = _median((high, len(line.text)) for line, (*_, high) in placed)
    return page_lines([_run(line, place, usual) for line, place in placed])


def _slope(line: PictureLine) -> float:
    """Return a line's angle to the horizontal, in radians."""
    x0, y0, x1, y1, *_ = line.corners
    return math.atan2(y1 - y0, x1 - x0)


def _place(line: PictureLine, slope: float) -> tuple[float, float, float, float]:
    """Return left end, right end, middle height and height of a line, the picture made level."""
    cos, sin = math.cos(-slope), math.sin(-slope)
    points = list(zip(line.corners[::2], line.corners[1::2], strict=True))
    xs = [x * cos - y * sin for x, y in points]
    ys = [x * sin + y * cos for x, y in points]
    high = (ys[2] + ys[3] - ys[0] - ys[1]) / 2
    return min(xs), max(xs), sum(ys) / 4, max(high, 1.0)


def _run(line: PictureLine, place: Sequence[float], usual: float) -> TextRun:
    left, right, middle, high = place
    scale = BODY / (LETTERS_HIGH * usual)
    size, margin = high / usual, min(MARGIN * high, (right - left) / 4)
    size = 1.0 if SAME[0] < size < SAME[1] else round(4 * size) / 4 or 0.25
    x0, x1 = (left + margin) * scale, (right - margin) * scale
    content = BoxedText(line.text, line.words)
    return TextRun(x0, x1, -middle * scale, BODY * size, bold=False, content=content)


def _median(weighed: Iterable[tuple[float, float]]) -> float:
    """Return the median of values with weights, 0 without any."""
    ordered = sorted(weighed, key=itemgetter(0))
    half, seen = sum(weight for _, weight in ordered) / 2, 0.0
    for value, weight in ordered:
        seen += weight
        if seen >= half:
            return value
    return 0.0
