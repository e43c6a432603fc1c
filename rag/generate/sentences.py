"""Where the sentences and table rows of a passage are, as characters of its text."""

from __future__ import annotations

import re
from typing import NamedTuple

_END = re.compile(r"(?:[.!?…]+[\"'”’)\]]*(?=\s+\S)|[。！？]+[」』”）]*)")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|Mt|Gen|Col|Lt|Sgt|Rev|Hon|Gov|Sen|Rep|Inc|Ltd|Co"
    r"|Corp|No|Nos|Vol|Fig|Figs|Eq|Sec|Art|Ch|pp|vs|etc|al|approx|ca|cf|e\.g|i\.e|U\.S|U\.K|a\.m"
    r"|p\.m|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec))\.$"
)
_BULLET = re.compile(r"\s*(?:[-*•–·▪]|\d{1,3}[.)]|#{1,6})\s")
_PAIR = re.compile(r"(?:^|; )[^:;\n]{1,60}: \S")
_WRAP = 45
_LONGEST = 700


class Span(NamedTuple):
    """Characters ``start`` to ``end`` of a passage's text; ``row`` where it is a table's row."""

    start: int
    end: int
    row: bool = False


def spans(text: str) -> list[Span]:
    """Return the sentences and table rows of ``text``, in order, blank ones left out.

    Lines that a page has wrapped belong together; list items, rows and short lines such as
    headings stand alone.
    """
    found: list[Span] = []
    for start, end in _blocks(text):
        if is_row(text[start:end]):
            found.append(_stripped(text, start, end, row=True))
        else:
            found += _sentences(text, start, end)
    return [span for span in found if span.end > span.start]


def is_row(line: str) -> bool:
    """Tell whether a line reads ``Column: value; Column: value``, as rows of tables do here."""
    return "\n" not in line.strip() and len(_PAIR.findall(line.strip())) >= 2


def _blocks(text: str) -> list[tuple[int, int]]:
    """Return runs of lines that belong together."""
    blocks: list[tuple[int, int]] = []
    start, previous = 0, ""
    for match in re.finditer(r"[^\n]*(?:\n|$)", text):
        line = match[0]
        if previous and _apart(previous, line):
            blocks.append((start, match.start()))
            start = match.start()
        previous = line
    blocks.append((start, len(text)))
    return blocks


def _apart(line: str, following: str) -> bool:
    above, below = line.strip(), following.strip()
    if not above or not below or is_row(above) or is_row(below) or _BULLET.match(following):
        return True
    return len(above) < _WRAP and not below[0].islower()


def _sentences(text: str, start: int, end: int) -> list[Span]:
    found, begin = [], start
    for match in _END.finditer(text, start, end):
        stop = match.end()
        if _ends(text, begin, stop, end):
            found.append(_stripped(text, begin, stop))
            begin = stop
    found.append(_stripped(text, begin, end))
    return [piece for span in found for piece in _cut(text, span)]


def _ends(text: str, begin: int, stop: int, end: int) -> bool:
    """Tell whether a full stop ends its sentence: no abbreviation, and no small letter after it."""
    following = text[stop:end].lstrip()
    if not following or following[0].islower():
        return False
    return not _ABBREVIATION.search(text[max(begin, stop - 12) : stop])


def _cut(text: str, span: Span) -> list[Span]:
    """Cut what is too long for a sentence (tables as text, logs) at a space."""
    pieces, start = [], span.start
    while span.end - start > _LONGEST:
        space = text.rfind(" ", start + _LONGEST // 2, start + _LONGEST)
        stop = space if space > 0 else start + _LONGEST
        pieces.append(_stripped(text, start, stop))
        start = stop
    return [*pieces, _stripped(text, start, span.end)]


def _stripped(text: str, start: int, end: int, row: bool = False) -> Span:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return Span(start + left, max(start + left, start + len(piece.rstrip())), row)
