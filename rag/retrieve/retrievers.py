"""Dense and lexical retrieval, each to a given depth, over live chunks only.

Within a `Scope` (chosen documents) both are exact: no result is lost to the approximate index.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from rag.store.exact import Scope
from rag.store.index import Index
from rag.types import Chunk

Scored = list[tuple[Chunk, float]]


def dense(
    index: Index, vector: NDArray[np.float32], depth: int, scope: Scope | None = None
) -> Scored:
    """Return the ``depth`` nearest chunks to a query vector (dimension,) with their cosines."""
    if scope is not None:
        return _live(index, lambda k: index.exact.search(vector, scope, k), depth)
    return _live(index, lambda k: index.vectors.search(vector, k), depth)


def lexical(index: Index, query: str, depth: int, scope: Scope | None = None) -> Scored:
    """Return the ``depth`` best chunks by BM25; only chunks that share a term with the query."""
    within = None if scope is None else scope.ids
    return _live(index, lambda k: index.lexical.search(query, k, within), depth)


def dense_scores(index: Index, vector: NDArray[np.float32], ids: list[str]) -> list[float]:
    """Return the exact cosine of each chunk with the query, from the catalogue's vectors."""
    stored = index.catalogue.vectors(ids)
    return [float(stored[name] @ vector) if name in stored else 0.0 for name in ids]


def _live(index: Index, search: Callable[[int], list[tuple[str, float]]], depth: int) -> Scored:
    # A document that is just being added or removed may take places with chunks that are not
    # live; then the search goes deeper until the pool is full or the index is exhausted.
    k = depth
    while True:
        found = search(k)
        chunks = index.catalogue.fetch([name for name, _ in found])
        live = [(chunks[name], score) for name, score in found if name in chunks]
        if len(live) >= depth or len(found) < k:
            return live[:depth]
        k *= 2
