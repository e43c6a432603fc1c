"""Split prose into sentences by rules: abbreviations, initials, wrapped lines, CJK.

Takes time in proportion to the text, for any characters.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from rag.text.spans import Span, lines, trimmed
from rag.text.words import word_set

# A sentence never ends after these.
NEVER = word_set(
    "mr mrs ms dr prof rev gen sen rep gov hon capt lt col sgt st mt vs e.g i.e cf viz no nos fig "
    "figs eq sec ch vol pp p art para approx est ed eds al nr bzw ca"
)
# After these, one ends only if the next word is one that opens sentences.
MAYBE = word_set(
    "inc corp co ltd llc plc gmbh bros jr sr u.s u.k u.n e.u d.c a.m p.m ph.d etc jan feb mar apr "
    "jun jul aug sep sept oct nov dec"
)
OPENERS = word_set(
    "The This That These Those It Its In On At As For From He She They We You I If When While "
    "After Before But And However Moreover Our Their His Her A An There To By With No Not What "
    "Who How Why Although Because Since During Under Each All Some Many Most Such"
)
CLOSERS = "\"'”’»)]}"
# The look-behind lets a run of dots be tried once, not from each of its dots.
_END = re.compile(
    rf"(?<![.!?…])(?P<stop>[.!?…]++)[{re.escape(CLOSERS)}]*+(?=\s)"
    r"|[。！？｡]+[」』）”’]*|(?P<line>\n)"
)
_WORD_BEFORE = re.compile(r"[^\s(\[\"“‘']+$")
_LINE_START = re.compile(r"\s*(?:[-*•–—]\s|\d+[.)]\s|\[|\d{4}-\d\d-\d\d|\||>|#)")
_ENUMERATOR = re.compile(r"\(?(?:\d{1,3}(?:\.\d{1,2}){0,3}|[A-Za-z]|[ivxIVX]{1,5})\)?")
_INITIALS = re.compile(r"[a-z](?:\.[a-z])*")
# German writes ordinals with a stop: "am 1. April", "im 3. Obergeschoss". "I am 30." is English.
_ORDINAL = re.compile(
    r"(?<!\w)(?<!\bI )(?:am|im|vom|zum|zur|beim|ab|bis|seit|d(?:er|ie|as|em|en|es)) \d{1,3}$",
    re.IGNORECASE,
)
_MONTHS = word_set(
    "Januar Februar März April Mai Juni Juli August September Oktober November Dezember"
)
_LONGEST_ENUMERATOR = 8
_LOOK_BACK, _LOOK_AHEAD = 30, 40
# A paragraph of longer lines was not wrapped by hand; one of shorter lines is a list.
WIDEST_WRAP, NARROWEST_WRAP = 120, 45


def sentences(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Return the sentences of ``text[start:end]`` as spans without white space at their ends.

    Together they hold every character that is not white space. A line break ends a sentence
    unless the line was wrapped there.
    """
    end = len(text) if end is None else end
    breaks = set(_deliberate_breaks(text, start, end))
    spans: list[Span] = []
    begin, _ = trimmed(text, start, end)
    for match in _END.finditer(text, begin, end):
        if match["stop"]:
            ends = _ends(text, begin, match, end)
        else:
            ends = not match["line"] or match.start() in breaks
        if ends:
            spans.append(trimmed(text, begin, match.end()))
            begin, _ = trimmed(text, match.end(), end)
    spans.append(trimmed(text, begin, end))
    return [span for span in spans if span[0] < span[1]]


def _ends(text: str, begin: int, match: re.Match[str], end: int) -> bool:
    """Return whether a stop ends the sentence that began at ``begin``."""
    stop = match.start()
    after = text[match.end() : min(match.end() + _LOOK_AHEAD, end)].split(maxsplit=1)
    if not after:
        return True
    following = after[0].lstrip("\"'“‘«([")
    if following[:1].islower():
        return False
    if match[0][0] in "!?":
        return True
    before = _WORD_BEFORE.search(text, max(begin, stop - _LOOK_BACK), stop)
    word = before[0].lower() if before else ""
    if word in NEVER and match[0] == ".":
        return False
    if stop - begin <= _LONGEST_ENUMERATOR and _ENUMERATOR.fullmatch(text[begin:stop].strip()):
        return False
    if word.isdigit() and following.rstrip(",.") in _MONTHS:
        return False
    opens = following.rstrip(",") in OPENERS
    if word.isdigit() and _ORDINAL.search(text, max(begin, stop - _LOOK_BACK), stop):
        return opens
    if word in MAYBE or _INITIALS.fullmatch(word):
        return opens and len(word) > 1
    return True


def _deliberate_breaks(text: str, start: int, end: int) -> Iterator[int]:
    """Yield where line breaks are meant: the next word would have fitted on the line.

    The width of a block is that of its longest line.
    """
    found = list(lines(text, start, end))
    width = max(stop - at for at, stop in found)
    for (at, stop), (below, below_end) in pairwise(found):
        following = text[below:below_end]
        word = following.split(maxsplit=1)[0] if following.strip() else ""
        fitted = stop - at + 1 + len(word) <= 0.9 * width
        unlike = width > WIDEST_WRAP or (width < NARROWEST_WRAP and not word[:1].islower())
        if unlike or fitted or not word or _LINE_START.match(following):
            yield stop
