"""Split a block of text into sentences by rules: abbreviations, initials, CJK, wrapped lines."""

from __future__ import annotations

import re
from bisect import bisect_left


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# After these a sentence never ends.
NEVER = _words(
    "mr mrs ms dr prof rev gen sen rep hon capt lt col st vs e.g i.e cf viz no nos fig figs eq sec "
    "ch vol pp p art para approx est ed eds al nr bzw ca"
)
# After these one ends only where the next word is one that opens sentences.
MAYBE = _words(
    "inc corp co ltd llc plc gmbh bros jr sr u.s u.k u.n e.u d.c a.m p.m ph.d etc jan feb mar apr "
    "jun jul aug sep sept oct nov dec"
)
OPENERS = _words(
    "The This That These Those It Its In On At As For From He She They We You I If When While "
    "After Before But And However Moreover Our Their His Her A An There To By With No Not What "
    "Who How Why Although Because Since During Under Each All Some Many Most Such"
)
CLOSERS = "\"'”’»)]}"
END = re.compile(rf"[.!?…]+[{re.escape(CLOSERS)}]*(?=\s)|[。！？｡]+[」』）”’]*|\n")
WORD_BEFORE = re.compile(r"([^\s(\[\"“‘']+)$")
LINE_START = re.compile(r"\s*(?:[-*•–—]\s|\d+[.)]\s|\[|\d{4}-\d\d-\d\d|\||>|#)")
ENUMERATOR = re.compile(r"\(?(?:\d{1,3}|[A-Za-z]|[ivxIVX]{1,5})\)?")
WIDEST_WRAP = 120  # a paragraph with longer lines was not wrapped by hand


def sentences(text: str, start: int = 0, end: int | None = None) -> list[tuple[int, int]]:
    """Return the sentences of ``text[start:end]`` as spans without white space at their ends.

    Together they hold every character that is not white space. A line break ends a sentence
    unless the line was wrapped there.
    """
    end = len(text) if end is None else end
    breaks = _deliberate_breaks(text, start, end)
    spans: list[tuple[int, int]] = []
    begin = start
    for match in END.finditer(text, start, end):
        stop = match.end()
        if match[0] == "\n":
            at = bisect_left(breaks, match.start())
            ends = at < len(breaks) and breaks[at] == match.start()
        else:
            ends = text[match.start()] not in ".…" or _ends(text, begin, match, end)
        if ends:
            _add(spans, text, begin, stop)
            begin = stop
    _add(spans, text, begin, end)
    return spans


def _add(spans: list[tuple[int, int]], text: str, begin: int, stop: int) -> None:
    while begin < stop and text[begin].isspace():
        begin += 1
    while stop > begin and text[stop - 1].isspace():
        stop -= 1
    if begin < stop:
        spans.append((begin, stop))


def _ends(text: str, begin: int, match: re.Match[str], end: int) -> bool:
    """Tell whether a full stop ends its sentence."""
    after = text[match.end() : min(match.end() + 40, end)].split(maxsplit=1)
    if not after:
        return True
    following = after[0].lstrip("\"'“‘«([")
    if following[:1].islower():
        return False
    before = WORD_BEFORE.search(text, max(begin, match.start() - 30), match.start())
    word = before[1].lower() if before else ""
    if word in NEVER and match[0] == ".":
        return False
    if ENUMERATOR.fullmatch(text[begin : match.start()].strip()):
        return False
    if word in MAYBE or re.fullmatch(r"[a-z](?:\.[a-z])*", word):
        return following.rstrip(",") in OPENERS and len(word) > 1
    return True


def _deliberate_breaks(text: str, start: int, end: int) -> list[int]:
    """Return where line breaks are meant: the next word would have fitted on the line.

    The width of a block is that of its longest line.
    """
    lines, at = [], start
    for line in text[start:end].split("\n"):
        lines.append((at, line))
        at += len(line) + 1
    width = max(len(line) for _, line in lines)
    breaks = []
    for index in range(len(lines) - 1):
        at, line = lines[index]
        following = lines[index + 1][1]
        word = following.split(maxsplit=1)[0] if following.strip() else ""
        fitted = len(line) + 1 + len(word) <= 0.9 * width
        if width > WIDEST_WRAP or fitted or LINE_START.match(following) or not word:
            breaks.append(at + len(line))
    return breaks
