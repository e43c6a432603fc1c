"""Where the sentences and table rows of a passage are, as characters of its text."""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

_END = re.compile(r"(?:[.!?…]+[\"'”’)\]]*(?=\s+\S)|[。！？]+[」』”）]*)")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Za-z]|Mr|Mrs|Ms|Dr|Prof|Sr|Jr|St|Mt|Gen|Col|Lt|Sgt|Rev|Hon|Gov|Sen|Rep|Inc|Ltd|Co"
    r"|Corp|INC|LTD|CO|CORP|No|Nos|Vol|Fig|Figs|Eq|Sec|Art|Ch|pp|vs|etc|al|approx|ca|cf|e\.g|i\.e|U\.S|U\.K|a\.m"
    r"|p\.m|Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec))\.$"
)
_BULLET = re.compile(r"\s*(?:[-*•–·▪]|\d{1,3}[.)]|#{1,6})\s")
_ITEM = re.compile(r"(?:[-*•–·▪]|\d{1,3}[.)]|\([a-z0-9]{1,3}\))\s")
_PAIR = re.compile(r"(?:^|; )[^:;\n]{1,60}: \S")
_FINISHED = re.compile(r"[.!?…。！？;,][\"'”’)\]]*$")
_COMPANY = re.compile(r"\b(?:Inc|Ltd|Co|Corp|INC|LTD|CO|CORP)\.$")
_NUMBERED = re.compile(r"(?:note|item|part|section|chapter|appendix) [\dIVXA-D]+\b", re.IGNORECASE)
_WRAP = 45
_LONGEST = 700
_LONGEST_HEADING = 120
Kind = Literal["sentence", "row", "cells", "item", "heading", "lead"]


class Span(NamedTuple):
    """Characters ``start`` to ``end`` of a passage's text.

    A ``row`` reads ``Column: value; Column: value``, ``cells`` stand between bars, an ``item`` is
    of a list, a ``heading`` says what follows, and a ``lead`` ends in a colon.
    """

    start: int
    end: int
    kind: Kind = "sentence"


def spans(text: str) -> list[Span]:
    """Return the sentences and table rows of ``text``, in order, blank ones left out.

    Lines that a page has wrapped belong together; list items, rows and short lines such as
    headings stand alone.
    """
    found: list[Span] = []
    for start, end in _blocks(text):
        if is_row(text[start:end]):
            found.append(_stripped(text, start, end, "row"))
        elif " | " in text[start:end]:
            found.append(_stripped(text, start, end, "cells"))
        else:
            found += _sentences(text, start, end)
    found = [_named(text, span) for span in found if span.end > span.start]
    for at, span in enumerate(found):
        after = found[at + 1] if at + 1 < len(found) else None
        if span.kind == "heading" and _holds(text, span, after):
            found[at] = span._replace(kind="sentence")
    return found


def _named(text: str, span: Span) -> Span:
    """Tell items, leads and what may be a heading from sentences."""
    words = text[span.start : span.end]
    line = text.rfind("\n", 0, span.start) + 1
    if span.kind != "sentence":
        return span
    if words.endswith((":", "：")):
        return span._replace(kind="lead")
    if _ITEM.match(words):
        return span._replace(kind="item")
    alone = not text[line : span.start].strip() and text[span.end : span.end + 1] in ("", "\n")
    unfinished = words.startswith("#") or _is_company(words) or not _FINISHED.search(words)
    short = len(words) <= _LONGEST_HEADING
    return span._replace(kind="heading") if alone and short and unfinished else span


def _holds(text: str, span: Span, after: Span | None) -> bool:
    """Tell whether a line that does not end as a sentence says something all the same.

    A heading has text below it and no figures or colon: a note often is just such a line.
    """
    words = text[span.start : span.end]
    if words.startswith("#") or words.isupper() or _NUMBERED.match(words) or _is_company(words):
        return False
    return not after or after.kind in ("row", "cells") or bool(re.search(r"\d|: ", words))


def _is_company(words: str) -> bool:
    return bool(_COMPANY.search(words)) and all(w[0].isupper() for w in re.findall(r"\w+", words))


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
    if not above or not below or _BULLET.match(following):
        return True
    if any(is_row(one) or " | " in one for one in (above, below)):
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


def _stripped(text: str, start: int, end: int, kind: Kind = "sentence") -> Span:
    piece = text[start:end]
    left = len(piece) - len(piece.lstrip())
    return Span(start + left, max(start + left, start + len(piece.rstrip())), kind)
