"""Where the words of a PDF stand on its pages: found with the text, kept with the document.

A quote is highlighted by looking up the words at its place in the document's text.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ingest.loaders.base import SHARES, Box
from ingest.loaders.boxed_text import part_of

COLUMNS = 7  # start and end in the text, page from 1, left, top, right, bottom
STARTS, ENDS = [0, 3, 4], [1, 5, 6]


@dataclass(frozen=True, slots=True)
class Mark:
    """A rectangle around words of one line, as shares of the page, and the words in it."""

    left: float
    top: float
    right: float
    bottom: float
    text: str


def pack(words: Iterable[tuple[int, int, int, Box]]) -> bytes:
    """Return (start, end, page, box) of a document's words, ascending, as few bytes."""
    rows = [(a, b, page, *box) for a, b, page, box in words]
    if not rows:
        return b""
    table = np.array(rows, np.int32).T.copy()
    table[ENDS] -= table[STARTS]
    # Lengths and steps from word to word repeat, places do not.
    return zlib.compress(np.diff(table, axis=1, prepend=np.int32(0)).tobytes())


def unpack(data: bytes) -> NDArray[np.int32]:
    """Return what `pack` was given: (words, 7)."""
    steps = np.frombuffer(zlib.decompress(data), np.int32).reshape(COLUMNS, -1)
    table = steps.cumsum(axis=1, dtype=np.int32)
    table[ENDS] += table[STARTS]
    return table.T


def marks(data: bytes, text: str, page: int, start: int, end: int) -> list[Mark]:
    """Return one rectangle a line around the words of ``text[start:end]`` that stand on a page.

    ``data`` are the packed words of ``text``. Of a word at an edge, only its letters in the range
    are marked.
    """
    if not data:
        return []
    table = unpack(data)
    table = table[(table[:, 2] == page) & (table[:, 0] < end) & (table[:, 1] > start)]
    lines: list[tuple[int, int, Box]] = []
    for a, b, _, *edges in table.tolist():
        left, top, right, bottom = edges
        box = part_of((left, top, right, bottom), a, b, start, end)
        a, b = max(a, start), min(b, end)
        if lines and _one_line(lines[-1][2], box):
            lines[-1] = (lines[-1][0], b, _around(lines[-1][2], box))
        else:
            lines.append((a, b, box))
    return [_mark(box, text[a:b]) for a, b, box in lines]


def _mark(box: Box, text: str) -> Mark:
    left, top, right, bottom = (edge / SHARES for edge in box)
    return Mark(left, top, right, bottom, text)


def _one_line(line: Box, box: Box) -> bool:
    height = min(line[3] - line[1], box[3] - box[1])
    overlap = min(line[3], box[3]) - max(line[1], box[1])
    gap = max(box[0] - line[2], line[0] - box[2])  # either way: Hebrew, Arabic
    return gap < 0.1 * SHARES and 2 * overlap > height


def _around(a: Box, b: Box) -> Box:
    return min(a[0], b[0]), min(a[1], b[1]), max(a[2], b[2]), max(a[3], b[3])
