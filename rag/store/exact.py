"""Exact search over chosen documents, from the catalogue's vectors.

The approximate index cannot be asked for a part of the library without losing results, and its own
filters take longer than looking at every vector of the part. So the vectors of the documents that
are asked for are kept in memory in 8 bits (`rag.store.bounds`; 0.4 kB a chunk at 384 dimensions),
which says which chunks can be among the best; those are compared by their full vectors. What nobody
filters for takes no memory. A document's chunks never change once it is live (a new version has a
new number), so nothing here ever goes stale.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from rag.store.bounds import Bounds
from rag.store.catalogue import Catalogue

MOST_SCOPES = 16
FEW = 4  # times as many chunks as are wanted: reading them all is as fast as knowing which
GONE = 0  # no document has this number
_AT_ONCE = 500

Vectors = NDArray[np.float32]
Scored = list[tuple[str, float]]


@dataclass(frozen=True, slots=True)
class Scope:
    """The documents to search within, by number, and all their chunks' ids."""

    documents: tuple[int, ...]
    ids: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Held:
    """The chunks in memory, column by column: ids, documents' numbers, what bounds them."""

    bounds: Bounds
    ids: tuple[str, ...] = ()
    documents: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, np.int64))


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
        return self._held.bounds.bytes if self._held else 0

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

        Ties stand in the order of documents and of reading.
        """
        if k < 1 or not scope.ids:
            return []
        if len(scope.ids) <= FEW * k:
            return self._read(vector, scope, k)
        held = self._loaded(scope)
        if held is None:  # all of it was removed since the scope was made
            return []
        rows = _promising(held, vector, scope, k)
        rows = rows[np.lexsort((rows, held.documents[rows]))]
        ids = [held.ids[row] for row in rows]
        stored = self._catalogue.vectors(ids)
        return _best([(name, stored[name]) for name in ids if name in stored], vector, k)

    def forget(self, documents: Collection[int]) -> None:
        """Let go of documents that are not live any more.

        Their vectors go with the rest once most of what is held is of no use; what is asked for
        then is read again.
        """
        with self._lock:
            self._here -= set(documents)
            held = self._held
            if held is None:
                return
            gone = np.isin(held.documents, list(self._here), invert=True)
            self._held = replace(held, documents=np.where(gone, GONE, held.documents))
            if gone.mean() > 0.5:
                self._held, self._here = None, set()

    def _read(self, vector: Vectors, scope: Scope, k: int) -> Scored:
        """Compare with every vector of the scope, straight from the catalogue."""
        found: Scored = []
        for start in range(0, len(scope.documents), _AT_ONCE):
            wanted = scope.documents[start : start + _AT_ONCE]
            for _, ids, vectors in self._catalogue.vectors_of(wanted):
                found += _best(zip(ids, vectors, strict=True), vector, k)
            found = sorted(found, key=lambda pair: -pair[1])[:k]
        return found

    def _loaded(self, scope: Scope) -> _Held | None:
        """Return what is in memory, with the scope's documents; None where there is nothing."""
        with self._lock:
            missing = [key for key in scope.documents if key not in self._here]
            for start in range(0, len(missing), _AT_ONCE):
                self._load(missing[start : start + _AT_ONCE])
            return self._held

    def _load(self, documents: Collection[int]) -> None:
        held, ids, numbers = self._held, [], []
        for key, names, vectors in self._catalogue.vectors_of(documents):
            held = held or _Held(Bounds(vectors.shape[1]))
            held.bounds.add(vectors)
            ids += names
            numbers += [key] * len(names)
        self._here |= set(documents)
        if held is not None:
            together = np.concatenate([held.documents, np.array(numbers, np.int64)])
            self._held = _Held(held.bounds, (*held.ids, *ids), together)


def _promising(held: _Held, vector: Vectors, scope: Scope, k: int) -> NDArray[np.intp]:
    """Return the rows of ``scope`` among which the ``k`` nearest are."""
    least, most = (bound[: len(held.ids)] for bound in held.bounds.of(vector))
    chosen = np.zeros(int(held.documents.max(initial=0)) + 1, bool)
    chosen[[key for key in scope.documents if key < len(chosen)]] = True
    rows = np.flatnonzero(chosen[held.documents])
    rows = rows[_possible(least[rows], most[rows], k)]
    return rows[_possible(*held.bounds.closer(vector, rows), k)]


def _possible(least: Vectors, most: Vectors, k: int) -> NDArray[np.bool_]:
    """Tell which can be among the ``k`` largest, from the bounds of each."""
    if len(least) <= k:
        return np.ones(len(least), bool)
    possible: NDArray[np.bool_] = most >= np.partition(least, len(least) - k)[len(least) - k]
    return possible


def _best(chunks: Iterable[tuple[str, Vectors]], vector: Vectors, k: int) -> Scored:
    """Return the ``k`` nearest of chunks with their vectors, ties in their order."""
    pairs = list(chunks)
    if not pairs:
        return []
    cosines = np.stack([row for _, row in pairs]) @ vector
    order = np.argsort(-cosines, kind="stable")[:k]
    return [(pairs[row][0], float(cosines[row])) for row in order]
