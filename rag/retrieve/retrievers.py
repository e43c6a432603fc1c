"""Dense and lexical retrieval, each to a given depth, over live chunks only.

Within a `Scope` (chosen documents) both are exact: no result is lost to the approximate index.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from rag.store.exact import Scope
from rag.store.index import Index
from rag.types import Chunk

Scored = list[tuple[Chunk, float]]


class LiveChunks:
    """The live chunks that one question's rankings name; each is read once."""

    def __init__(self, index: Index) -> None:
        self._fetch = index.catalogue.fetch
        self._read: dict[str, Chunk] = {}

    def __call__(self, ids: Sequence[str]) -> dict[str, Chunk]:
        """Return the live chunks among ``ids``."""
        self._read |= self._fetch([name for name in ids if name not in self._read])
        return self._read


def dense(
    index: Index,
    vector: NDArray[np.float32],
    depth: int,
    scope: Scope | None = None,
    chunks: LiveChunks | None = None,
) -> Scored:
    """Return the ``depth`` nearest chunks to a query vector (dimension,) with their cosines."""
    chunks = chunks or LiveChunks(index)
    if scope is not None:
        return _live(chunks, lambda k: index.exact.search(vector, scope, k), depth)
    return _live(chunks, lambda k: index.vectors.search(vector, k), depth)


def lexical(
    index: Index,
    query: str,
    depth: int,
    scope: Scope | None = None,
    chunks: LiveChunks | None = None,
) -> Scored:
    """Return the ``depth`` best chunks by BM25; only chunks that share a term with the query."""
    within = None if scope is None else scope.ids
    search = index.lexical.search
    return _live(chunks or LiveChunks(index), lambda k: search(query, k, within), depth)


def dense_scores(index: Index, vector: NDArray[np.float32], ids: list[str]) -> list[float]:
    """Return the exact cosine of each chunk with the query, from the catalogue's vectors."""
    stored = index.catalogue.vectors(ids)
    return [float(stored[name] @ vector) if name in stored else 0.0 for name in ids]


def _live(
    chunks: LiveChunks, search: Callable[[int], list[tuple[str, float]]], depth: int
) -> Scored:
    # A document that is just being added or removed may take places with chunks that are not
    # live; then the search goes deeper until the pool is full or the index is exhausted.
    k = depth
    while True:
        found = search(k)
        held = chunks([name for name, _ in found])
        live = [(held[name], score) for name, score in found if name in held]
        if len(live) >= depth or len(found) < k:
            return live[:depth]
        k *= 2
