"""Words of a question in a text, as they are marked for a reader."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate

from rag.text.words import MARKS, QUESTION_WORDS, UNSPACED

Terms = Callable[[str], Iterable[str]]
"""Turns a text into the terms under which its words can be found."""
_LEAD = 20  # characters before the first word of the question in an excerpt
_RUN_OR_WORD = re.compile(rf"([{UNSPACED}]+)|(?:[^\W{UNSPACED}][{MARKS}]*)+")


def marked(text: str, question: str, terms: Terms) -> list[tuple[str, bool]]:
    """Return a text in pieces that together are the text, each with whether it is to be marked.

    A word is marked if ``terms`` makes of it a term of the question; in scripts without spaces two
    letters are. Auxiliaries, pronouns and lone digits say nothing of what a question is about.
    """
    sought, at = frozenset(terms(question)), 0
    found: list[tuple[str, bool]] = []

    def holds(word: str) -> bool:
        return not _says_little(word) and not sought.isdisjoint(terms(word))

    for start, end in _places(text, holds):
        if at < start:
            found.append((text[at:start], False))
        found.append((text[start:end], True))
        at = end
    return [*found, (text[at:], False)] if at < len(text) else found


def _says_little(word: str) -> bool:
    return word.casefold() in QUESTION_WORDS or (len(word) == 1 and word.isdigit())


def _places(text: str, holds: Callable[[str], bool]) -> Iterator[tuple[int, int]]:
    """Yield where words of the question stand, in order; none overlaps another."""
    for match in _RUN_OR_WORD.finditer(text):
        start, end = match.span()
        if not match[1]:
            if holds(match[0]):
                yield start, end
            continue
        at = start
        while at + 2 <= end:
            step = 2 if holds(text[at : at + 2]) else 1
            if step == 2:
                yield at, at + 2
            at += step


def excerpt(pieces: Sequence[tuple[str, bool]], length: int) -> list[tuple[str, bool]]:
    """Return some ``length`` characters with most of the question's words, in pieces.

    It is the start of the text unless another part has more of them.
    """
    text = "".join(piece for piece, _ in pieces)
    if len(text) <= length:
        return list(pieces)
    begin = _fullest(pieces, length - 1)
    if lead := min(begin, _LEAD):  # begin with a whole word, if there are spaces
        begin = max(text.find(" ", begin - lead, begin - 1) + 1, begin - lead)
    end = begin + length - 1
    found, at = [("…", False)] if begin else [], 0
    for piece, is_marked in pieces:
        if shown := piece[max(begin - at, 0) : max(end - at, 0)]:
            found.append((shown, is_marked))
        at += len(piece)
    return [*found, ("…", False)] if end < len(text) else found


def _fullest(pieces: Sequence[tuple[str, bool]], length: int) -> int:
    """Return where the part begins that has most different words: at a word, or the start."""
    ends = list(accumulate(len(piece) for piece, _ in pieces))
    marks = [
        (end - len(piece), end, piece.casefold())
        for (piece, is_marked), end in zip(pieces, ends, strict=True)
        if is_marked
    ]
    best, most, following = 0, len({word for _, end, word in marks if end <= length}), 0
    held: Counter[str] = Counter()
    for begin, _, word in marks:
        while following < len(marks) and marks[following][1] <= begin + length - _LEAD:
            held[marks[following][2]] += 1
            following += 1
        if len(held) > most:
            best, most = begin, len(held)
        held[word] -= 1
        if held[word] <= 0:
            del held[word]
    return best
