"""BM25 by the rank-bm25 library itself, rebuilt after every change: for small libraries.

It is also what the inverted index is compared with.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from rank_bm25 import BM25Okapi

from rag.store.analyse import Analyser, AutoAnalyser, Groups
from rag.store.durable import write_json
from rag.store.lexical import EPSILON, K1, B, LexicalIndex


@dataclass(frozen=True, slots=True)
class _Built:
    """What rank-bm25 made of the chunks; ``bm25`` is None if no chunk has a term."""

    terms_of: Mapping[str, Sequence[str]]
    bm25: Any
    parts: dict[frozenset[str], _Built] = field(default_factory=dict)

    @classmethod
    def of(cls, terms_of: Mapping[str, Sequence[str]]) -> _Built:
        """Have rank-bm25 count chunks: id → its terms."""
        terms = list(terms_of.values())
        bm25 = BM25Okapi(terms, k1=K1, b=B, epsilon=EPSILON) if any(terms) else None
        return cls(terms_of, bm25)

    def among(self, ids: frozenset[str]) -> _Built:
        if ids not in self.parts:
            own = {id: terms for id, terms in self.terms_of.items() if id in ids}
            self.parts[ids] = _Built.of(own)
        return self.parts[ids]

    def best(self, words: Groups, k: int, within: frozenset[str] | None) -> list[tuple[str, float]]:
        terms = _flat(words)
        sharing = {id for term in set(terms) for id in self._having(term)}
        if within is not None:
            sharing &= within
        scored = [pair for pair in self._all(terms).items() if pair[0] in sharing]
        return sorted(scored, key=lambda pair: -pair[1])[: max(k, 0)]

    def score(self, words: Groups, ids: Sequence[str]) -> list[float]:
        scores = self._all(_flat(words))
        return [scores.get(id, 0.0) for id in ids]

    def explain(self, words: Groups, id: str) -> dict[str, float]:
        return {
            word: times * self._all([word])[id]
            for word, times in Counter(_flat(words)).items()
            if id in self._having(word)
        }

    def _having(self, word: str) -> set[str]:
        frequencies = self.bm25.doc_freqs if self.bm25 else []
        return {id for id, own in zip(self.terms_of, frequencies, strict=False) if word in own}

    def _all(self, words: Sequence[str]) -> dict[str, float]:
        values = self.bm25.get_scores(words) if self.bm25 else np.zeros(len(self.terms_of))
        return dict(zip(self.terms_of, values.tolist(), strict=True))


def _flat(groups: Groups) -> list[str]:
    """Return all terms: rank-bm25 knows no groups and weighs each language's form by itself."""
    return [term for group in groups for term in group]


class OkapiIndex(LexicalIndex):
    """Calls rank-bm25; the first search after a change builds it anew."""

    engine = "rank-bm25"
    manifest = "okapi.json"

    def __init__(self, folder: Path, analyser: Analyser | AutoAnalyser) -> None:
        super().__init__(folder, analyser)
        self._terms_of: dict[str, list[str]] = {}
        self._present: _Built | None = None

    def _load(self, manifest: Mapping[str, Any]) -> None:
        self._terms_of = manifest["chunks"]

    def _write(self, header: Mapping[str, Any]) -> None:
        write_json(self._folder / self.manifest, {**header, "chunks": self._terms_of})

    def _change(self, gone: Collection[str], come: Mapping[str, list[str]]) -> bool:
        known = [id for id in set(gone) if id in self._terms_of]
        for id in known:
            del self._terms_of[id]
        self._terms_of |= come
        if known or come:
            self._present = None
        return bool(known)

    def _ids(self) -> set[str]:
        return set(self._terms_of)

    def _scores(self) -> _Built:
        with self._changing:
            if self._present is None:
                self._present = _Built.of(dict(self._terms_of))
            return self._present
