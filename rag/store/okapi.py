"""BM25 by the rank-bm25 library itself, rebuilt after every change: for small libraries.

It is also what the inverted index is compared with.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from rank_bm25 import BM25Okapi

from rag.store.durable import write_json
from rag.store.lexical import EPSILON, K1, Analyse, B, last_of_each, read_manifest

_ENGINE = "rank-bm25"
_VERSION = 1
_FILE = "okapi.json"


@dataclass(frozen=True, slots=True)
class _Built:
    """What rank-bm25 made of the chunks; ``bm25`` is None where no chunk has a term."""

    ids: tuple[str, ...]
    bm25: Any

    def rows(self, word: str) -> list[int]:
        found = enumerate(self.bm25.doc_freqs if self.bm25 else ())
        return [row for row, frequencies in found if word in frequencies]

    def scores(self, words: Sequence[str]) -> dict[str, float]:
        """Return the score of every chunk by id, in order."""
        values = self.bm25.get_scores(words) if self.bm25 else np.zeros(len(self.ids))
        return dict(zip(self.ids, values.tolist(), strict=True))


class OkapiIndex:
    """The `LexicalIndex` that calls rank-bm25; the first search after a change rebuilds it."""

    def __init__(self, folder: Path, analyser: Analyse) -> None:
        self._file = folder / _FILE
        self._analyse = analyser
        self._changing = threading.Lock()
        self._terms_of: dict[str, list[str]] = {}
        self._present: _Built | None = None
        self._saved = True

    @classmethod
    def open(cls, folder: Path, analyser: Analyse) -> Self:
        """Open the index in ``folder``, an empty one where there is none.

        Raises `LibraryError` on a damaged file and `LibraryMismatch` on another analyser.
        """
        index = cls(folder, analyser)
        manifest = read_manifest(index._file, _ENGINE, _VERSION, analyser.name)
        if manifest is not None:
            index._terms_of = manifest["chunks"]
        return index

    def add(self, ids: Sequence[str], texts: Sequence[str]) -> None:
        """Add chunks; an id that is there already, or comes twice, is replaced by the later."""
        analysed = {id: self._analyse(text) for id, text in last_of_each(ids, texts).items()}
        self._change(analysed, analysed)

    def remove(self, ids: Collection[str]) -> None:
        """Remove chunks; unknown ids are ignored."""
        self._change(ids, {})

    def search(
        self, query: str, k: int, within: frozenset[str] | None = None
    ) -> list[tuple[str, float]]:
        """Return the ``k`` best of the chunks that share a term with ``query``, best first."""
        words = self._analyse(query)
        built = self._built()
        sharing = {built.ids[row] for word in set(words) for row in built.rows(word)}
        if within is not None:
            sharing &= within
        scored = [pair for pair in built.scores(words).items() if pair[0] in sharing]
        return sorted(scored, key=lambda pair: -pair[1])[: max(k, 0)]

    def score(self, query: str, ids: Sequence[str]) -> list[float]:
        """Return the scores of given chunks; 0.0 where nothing matches or the id is unknown."""
        scores = self._built().scores(self._analyse(query))
        return [scores.get(id, 0.0) for id in ids]

    def explain(self, query: str, id: str) -> dict[str, float]:
        """Return what each matching term contributes to a chunk's score; they sum to it."""
        built = self._built()
        return {
            word: times * built.scores([word])[id]
            for word, times in Counter(self._analyse(query)).items()
            if id in {built.ids[row] for row in built.rows(word)}
        }

    def ids(self) -> set[str]:
        """Return the ids of all chunks."""
        with self._changing:
            return set(self._terms_of)

    def save(self) -> None:
        """Make the present state durable; a process killed meanwhile leaves this or the last."""
        with self._changing:
            if self._saved:
                return
            header = {"engine": _ENGINE, "version": _VERSION, "analyser": self._analyse.name}
            write_json(self._file, {**header, "chunks": self._terms_of})
            self._saved = True

    def _change(self, gone: Collection[str], come: dict[str, list[str]]) -> None:
        with self._changing:
            known = [id for id in set(gone) if id in self._terms_of]
            for id in known:
                del self._terms_of[id]
            self._terms_of |= come
            if known or come:
                self._present = None
                self._saved = False

    def _built(self) -> _Built:
        with self._changing:
            if self._present is None:
                terms = list(self._terms_of.values())
                bm25 = BM25Okapi(terms, k1=K1, b=B, epsilon=EPSILON) if any(terms) else None
                self._present = _Built(tuple(self._terms_of), bm25)
            return self._present
