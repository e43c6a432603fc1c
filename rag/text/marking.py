"""Words of a question in a text, as they are marked for a reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator

from rag.text.words import QUESTION_WORDS, UNSPACED

Terms = Callable[[str], Iterable[str]]
"""Turns a text into the terms under which its words can be found."""
_RUN_OR_WORD = re.compile(rf"([{UNSPACED}]+)|[^\W{UNSPACED}]+")


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
