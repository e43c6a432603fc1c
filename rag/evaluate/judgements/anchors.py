"""Find a quote in a text although its white space has changed, nearest to its old place."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

Span = tuple[int, int]


def locate(quote: str, text: str, near: int = 0, loose: bool = False) -> Span | None:
    """Return the characters of ``text`` that are ``quote``, or None.

    Of several places the one nearest to ``near`` is taken. Runs of white space count as equal.
    ``loose`` compares letters and digits only, for quotes from a document's source, which has
    marks that its extracted text lacks. Takes time in proportion to the text.
    """
    words, near = _with_single_spaces(quote), max(near, 0)
    if not words:
        return None
    if text[near : near + len(quote)] == quote:
        return near, near + len(quote)
    before = _with_single_spaces(text[:near])
    starts = _nearest(words, _with_single_spaces(text), len(before))
    found = [(_in_text(text, at), _in_text(text, at + len(words) - 1) + 1) for at in starts]
    if not found and loose:
        found = list(_loosely(quote, text, near))
    return min(found, key=lambda span: abs(span[0] - near), default=None)


def _with_single_spaces(text: str) -> str:
    return " ".join(text.split())


def _nearest(wanted: str, text: str, near: int) -> list[int]:
    """Return where the last one begins that begins before ``near``, and the first one after."""
    ends = near + len(wanted) - 1
    # Searched backwards in a reversed text: `rfind` takes the product of both lengths.
    back = text[:ends][::-1].find(wanted[::-1])
    before = min(ends, len(text)) - back - len(wanted) if back >= 0 else -1
    return [at for at in (before, text.find(wanted, near)) if at >= 0]


def _in_text(text: str, at: int) -> int:
    """Return the place in ``text`` of what stands at ``at`` with its white space made single."""
    for word in re.finditer(r"\S+", text):
        if at < len(word[0]):
            return word.start() + at
        at -= len(word[0]) + 1
    raise ValueError(f"the text has no place {at}")


def _loosely(quote: str, text: str, near: int) -> Iterator[Span]:
    wanted = _letters(quote)
    if not wanted:
        return
    for at in _nearest(wanted, _letters(text), len(_letters(text[:near]))):
        places = islice((i for i, c in enumerate(text) if c.isalnum()), at, at + len(wanted))
        first = next(places)
        yield first, max(places, default=first) + 1


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text))


def overlaps(first: Span, second: Span) -> bool:
    """Return whether two spans share at least half of the shorter one.

    So a short quote belongs to the chunk that holds most of it, and a long judged passage to each
    chunk that lies mostly within it. Of the halves of a quote cut in the middle, both count.
    """
    shared = min(first[1], second[1]) - max(first[0], second[0])
    shorter = min(first[1] - first[0], second[1] - second[0])
    return shared > 0 and 2 * shared >= shorter
