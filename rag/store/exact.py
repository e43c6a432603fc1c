"""Exact search over chosen documents, from the catalogue's vectors.

The approximate index cannot be asked for a part of the library without losing results, and its own
filters take longer than looking at every vector of the part. So the vectors of the documents that
are asked for are kept in memory, document by document (1.5 kB a chunk at 384 dimensions): what
nobody filters for takes no memory. A document's chunks never change once it is live (a new version
has a new number), so nothing here ever goes stale.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.store.catalogue import Catalogue

MOST_BYTES = 1 << 30
MOST_SCOPES = 16
_AT_ONCE = 500

Vectors = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class _Part:
    """One document's chunks: ids in reading order, and their vectors (len(ids), dimension)."""

    ids: tuple[str, ...]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class Scope:
    """The documents to search within, by number, and all their chunks' ids."""

    documents: tuple[int, ...]
    ids: frozenset[str]


class ExactVectors:
    """Cosines of every chunk of chosen documents. Safe to use from several threads.

    ``most_bytes``: the vectors kept in memory; documents beyond that are read for every question.
    """

    def __init__(self, catalogue: Catalogue, most_bytes: int = MOST_BYTES) -> None:
        self._catalogue = catalogue
        self._most = most_bytes
        self._lock = threading.Lock()
        self._parts: OrderedDict[int, _Part] = OrderedDict()
        self._bytes = 0
        self._scopes: OrderedDict[tuple[int, ...], Scope] = OrderedDict()

    @property
    def bytes(self) -> int:
        """Return the size of the vectors that are in memory."""
        return self._bytes

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

    def search(self, vector: Vectors, scope: Scope, k: int) -> list[tuple[str, float]]:
        """Return the ``k`` nearest chunks of ``scope`` to ``vector`` (dimension,), best first.

        Ties stand in the order of documents and of reading.
        """
        found: list[tuple[str, float]] = []
        for parts in self._batches(scope.documents):
            ends = np.cumsum([len(part.ids) for part in parts])
            cosines = np.empty(ends[-1] if parts else 0, np.float32)
            for part, end in zip(parts, ends, strict=True):
                np.matmul(part.vectors, vector, out=cosines[end - len(part.ids) : end])
            found += [(_id(parts, ends, row), float(cosines[row])) for row in _best(cosines, k)]
        found.sort(key=lambda pair: -pair[1])
        return found[:k]

    def forget(self, documents: Collection[int]) -> None:
        """Let go of documents that are not live any more."""
        with self._lock:
            for key in documents:
                if part := self._parts.pop(key, None):
                    self._bytes -= part.vectors.nbytes

    def _batches(self, documents: Sequence[int]) -> Iterator[list[_Part]]:
        for start in range(0, len(documents), _AT_ONCE):
            wanted = documents[start : start + _AT_ONCE]
            with self._lock:
                here = {key: self._parts[key] for key in wanted if key in self._parts}
            missing = [key for key in wanted if key not in here]
            loaded = self._load(missing) if missing else {}
            self._keep(here, loaded)
            held = here | loaded
            yield [held[key] for key in wanted if key in held]

    def _load(self, documents: Collection[int]) -> dict[int, _Part]:
        return {
            key: _Part(tuple(ids), vectors)
            for key, ids, vectors in self._catalogue.vectors_of(documents)
        }

    def _keep(self, used: Collection[int], loaded: dict[int, _Part]) -> None:
        with self._lock:
            for key in used:
                if key in self._parts:
                    self._parts.move_to_end(key)
            for key, part in loaded.items():
                if key not in self._parts:
                    self._parts[key] = part
                    self._bytes += part.vectors.nbytes
            while self._bytes > self._most and self._parts:
                self._bytes -= self._parts.popitem(last=False)[1].vectors.nbytes


def _id(parts: Sequence[_Part], ends: NDArray[np.intp], row: int) -> str:
    at = int(np.searchsorted(ends, row, side="right"))
    return parts[at].ids[row - int(ends[at])]  # counted from the part's end: below 0


def _best(cosines: Vectors, k: int) -> NDArray[np.intp]:
    """Return the rows of the ``k`` largest, in order; ties in the order of rows."""
    if k < 1:
        return np.zeros(0, np.intp)
    rows = np.arange(len(cosines))
    if len(cosines) > k:
        rows = np.flatnonzero(cosines >= np.partition(cosines, len(cosines) - k)[len(cosines) - k])
    return rows[np.argsort(-cosines[rows], kind="stable")][:k]
