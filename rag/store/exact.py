"""Exact search over chosen documents, from the catalogue's vectors.

Chroma's graph loses results within a part of the library, and its own filters take longer than a
look at every vector of the part. So the vectors of the documents that a filter named are kept in
memory as they are (1.5 kB a chunk at 384 dimensions) and compared one and all: 100,000 take numpy
about 6 ms. Documents that nobody filters for take no memory. A document's chunks never change once
it is live (a new version has a new number), so nothing here ever goes stale.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.store.catalogue import Catalogue
from rag.store.lexical import Population

MOST_SCOPES = 16
COMPARED_UP_TO = 200_000  # chunks; their vectors stay in memory, 1.5 kB each
A_FEW = 0.25  # share of the rows up to which a copy of them is faster than a look at all
_AT_ONCE = 500

Vectors = NDArray[np.float32]
Scored = list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Scope:
    """The documents to search within, by number, and all their chunks' ids.

    ``among`` are the chunks that BM25 counts over, None for all of the library.
    """

    documents: tuple[int, ...]
    ids: frozenset[str]
    among: Population | None = None


@dataclass(frozen=True, slots=True)
class _Held:
    """The chunks in memory: ids, their documents' numbers (n,), their vectors (n, dimension)."""

    ids: tuple[str, ...]
    documents: NDArray[np.int64]
    vectors: Vectors

    def joined(self, more: _Held) -> _Held:
        return _Held(
            (*self.ids, *more.ids),
            np.concatenate([self.documents, more.documents]),
            np.concatenate([self.vectors, more.vectors]),
        )

    def without(self, gone: Collection[int]) -> _Held:
        kept = np.flatnonzero(np.isin(self.documents, list(gone), invert=True))
        ids = tuple(self.ids[row] for row in kept)
        return _Held(ids, self.documents[kept], self.vectors[kept])

    def nearest(self, vector: Vectors, documents: Sequence[int], k: int) -> Scored:
        """Return the ``k`` nearest chunks of ``documents`` to a unit vector, best first."""
        rows = np.flatnonzero(np.isin(self.documents, documents))
        if len(rows) <= A_FEW * len(self.ids):
            cosines = self.vectors[rows] @ vector
        else:
            cosines = (self.vectors @ vector)[rows]
        if len(rows) > k:
            best = cosines >= np.partition(cosines, len(rows) - k)[len(rows) - k]
            rows, cosines = rows[best], cosines[best]
        order = np.lexsort((rows, self.documents[rows], -cosines))[:k]
        return [(self.ids[rows[at]], float(cosines[at])) for at in order]


class ExactVectors:
    """Cosines of every chunk of chosen documents. Safe to use from several threads."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._lock = threading.Lock()
        self._held: _Held | None = None
        self._here: set[int] = set()
        self._scopes: OrderedDict[tuple[int, ...], Scope] = OrderedDict()

    @property
    def bytes(self) -> int:
        """Return the size of the vectors that are in memory."""
        return self._held.vectors.nbytes if self._held else 0

    def scope(self, documents: Sequence[int]) -> Scope:
        """Return the chunks of live documents, remembered for the next question."""
        key = tuple(sorted(documents))
        with self._lock:
            if key in self._scopes:
                self._scopes.move_to_end(key)
                return self._scopes[key]
        scope = Scope(key, frozenset(self._catalogue.ids_of(key)))
        with self._lock:
            self._scopes[key] = scope
            while len(self._scopes) > MOST_SCOPES:
                self._scopes.popitem(last=False)
        return scope

    def search(self, vector: Vectors, scope: Scope, k: int) -> Scored:
        """Return the ``k`` nearest chunks of ``scope`` to ``vector`` (dimension,), best first.

        Ties stand in the order of documents and of reading. A search for all chunks of the scope
        reads their vectors and keeps none.
        """
        if k < 1:
            return []
        held = self._read(scope.documents) if k >= len(scope.ids) else self._loaded(scope)
        return held.nearest(vector, scope.documents, k) if held else []

    def forget(self, documents: Collection[int]) -> None:
        """Let go of documents that are not live any more."""
        with self._lock:
            gone = self._here & set(documents)
            self._here -= gone
            if gone and self._held:
                self._held = self._held.without(gone) if self._here else None

    def _loaded(self, scope: Scope) -> _Held | None:
        """Return what is in memory, with the scope's documents; None if there is nothing."""
        with self._lock:
            missing = [key for key in scope.documents if key not in self._here]
            more = self._read(missing) if missing else None
            if more:
                self._held = self._held.joined(more) if self._held else more
            self._here |= set(missing)
            return self._held

    def _read(self, documents: Sequence[int]) -> _Held | None:
        ids: list[str] = []
        numbers: list[NDArray[np.int64]] = []
        vectors: list[Vectors] = []
        for start in range(0, len(documents), _AT_ONCE):
            part = documents[start : start + _AT_ONCE]
            for key, names, rows in self._catalogue.vectors_of(part):
                ids += names
                numbers.append(np.full(len(names), key))
                vectors.append(rows)
        if not ids:
            return None
        return _Held(tuple(ids), np.concatenate(numbers), np.concatenate(vectors))
