"""Finding a passage of the library by words of it."""

from __future__ import annotations

from rag.retrieve import filters
from rag.retrieve.filters import EVERYTHING
from rag.store.protocol import Store
from rag.types import Chunk


def by_words(index: Store, words: str, most: int) -> list[Chunk]:
    """Return the passages that hold these words best, best first.

    Those that hold them literally, white space and case aside, come before all others.
    """
    if not words.strip():
        return []
    scope = filters.scope_of(EVERYTHING, index)  # None, but for who sees a part of the library
    within, among = (scope.ids, scope.among) if scope else (None, None)
    ranked = [name for name, _ in index.lexical.search(words, most, within, among)]
    live = index.catalogue.fetch(ranked)
    pasted = _joined(words)
    found = [live[name] for name in ranked if name in live]
    return sorted(found, key=lambda chunk: pasted not in _joined(chunk.text))


def _joined(text: str) -> str:
    return " ".join(text.split()).casefold()
