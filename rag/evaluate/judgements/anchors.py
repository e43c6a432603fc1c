"""Find a quote in a text although its white space has changed, nearest to its old place."""

from __future__ import annotations

import re
from collections.abc import Iterator

Span = tuple[int, int]


def locate(quote: str, text: str, near: int = 0, loose: bool = False) -> Span | None:
    """Return the characters of ``text`` that are ``quote``, or None.

    Of several places the one nearest to ``near`` is taken. Runs of white space count as equal.
    ``loose`` compares letters and digits only, for quotes from a document's source, which has
    marks that its extracted text lacks.
    """
    words = quote.split()
    if not words:
        return None
    if text[near : near + len(quote)] == quote:
        return near, near + len(quote)
    pattern = r"\s+".join(map(re.escape, words))
    found = [match.span() for match in re.finditer(pattern, text)]
    if not found and loose:
        found = list(_loosely(quote, text))
    return min(found, key=lambda span: abs(span[0] - near), default=None)


def _loosely(quote: str, text: str) -> Iterator[Span]:
    places = [i for i, c in enumerate(text) if c.isalnum()]
    letters = "".join(text[i] for i in places)
    wanted = "".join(c for c in quote if c.isalnum())
    at = letters.find(wanted) if wanted else -1
    while at >= 0:
        yield places[at], places[at + len(wanted) - 1] + 1
        at = letters.find(wanted, at + 1)


def overlaps(first: Span, second: Span) -> bool:
    """Return whether two spans share at least half of the shorter one.

    So a short quote belongs to the chunk that holds most of it, and a long judged passage to each
    chunk that lies mostly within it. Of the halves of a quote cut in the middle, both count.
    """
    shared = min(first[1], second[1]) - max(first[0], second[0])
    shorter = min(first[1] - first[0], second[1] - second[0])
    return shared > 0 and 2 * shared >= shorter
