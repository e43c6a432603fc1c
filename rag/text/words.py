"""Words of a text."""

from __future__ import annotations


def word_set(words: str) -> frozenset[str]:
    """Return a list of words, written with spaces between them, as a set."""
    return frozenset(words.split())
