"""The first stage: one query through both retrievers and their fusion, into a pool.

The question goes through it, and so does every variant and every follow-up of it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.errors import LibraryError, SettingsError
from rag.retrieve import filters, retrievers
from rag.retrieve.filters import EVERYTHING, Filter
from rag.retrieve.fusion import fuse
from rag.settings import Settings
from rag.store.index import Index
from rag.types import Candidate, Hit, Stage, StageName, ranked

Vector = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Query:
    """What the retrievers are asked. ``vector`` gives the query's vector, encoded when needed."""

    words: str
    vector: Callable[[], Vector]


@dataclass(frozen=True, slots=True)
class Found:
    """What a query found: both retrievers' rankings and their fusion."""

    query: Query
    dense: Stage
    lexical: Stage
    fused: Stage


class FirstStage:
    """Retrieves for one question, within the documents that a filter allows."""

    def __init__(
        self,
        index: Index,
        settings: Settings,
        threads: Executor,
        asked_within: Filter = EVERYTHING,
    ) -> None:
        """Settle what is searched; raises `FilterError` where the filter allows no document."""
        if not settings.dense_weight and not settings.lexical_weight:
            raise SettingsError("dense_weight and lexical_weight are both 0; set one of them")
        self._index = index
        self._settings = settings
        self._threads = threads
        self._chunks = retrievers.LiveChunks(index)
        self._scope = filters.scope_of(asked_within, index)
        self._note = filters.note(asked_within, self._scope)

    def find(self, query: Query) -> Found:
        """Run both retrievers side by side and fuse them.

        Raises `LibraryError` where both fail; one that fails is a stage that fell back.
        """
        index, depth = self._index, self._settings.pool
        scope, chunks = self._scope, self._chunks
        # The encoder and Chroma let other threads compute meanwhile; BM25 is done before they are.
        waiting = self._threads.submit(self.lexical, query.words)
        dense = _stage(
            StageName.DENSE,
            lambda: retrievers.dense(index, query.vector(), depth, scope, chunks),
            self._note,
        )
        lexical = waiting.result()
        if dense.fell_back and lexical.fell_back:
            raise LibraryError(f"nothing could be searched: {dense.note}; {lexical.note}")
        return Found(query, dense, lexical, self._fused(dense, lexical))

    def lexical(self, words: str) -> Stage:
        """Run BM25 alone; where it fails, the stage fell back and is empty."""
        index, depth = self._index, self._settings.pool
        scope, chunks = self._scope, self._chunks
        return _stage(
            StageName.LEXICAL,
            lambda: retrievers.lexical(index, words, depth, scope, chunks),
            self._note,
        )

    def candidates(self, found: Found, ranking: Sequence[Hit]) -> list[Candidate]:
        """Return the pool out of ``ranking``, each member with both retrievers' scores.

        A chunk that a retriever did not find gets its exact score computed, so that blending
        compares like with like.
        """
        pool = ranking[: self._settings.pool]
        query, index = found.query, self._index
        cosines = _completed(
            found.dense, pool, lambda ids: retrievers.dense_scores(index, query.vector(), ids)
        )
        bm25 = _completed(found.lexical, pool, lambda ids: index.lexical.score(query.words, ids))
        return [
            Candidate(hit.chunk, cosines[hit.chunk.id], bm25[hit.chunk.id], hit.score)
            for hit in pool
        ]

    def _fused(self, dense: Stage, lexical: Stage) -> Stage:
        started = time.perf_counter()
        weights = (self._settings.dense_weight, self._settings.lexical_weight)
        rankings = [(s.hits, w) for s, w in zip((dense, lexical), weights, strict=True) if w > 0]
        hits = fuse(rankings, self._settings)
        return Stage(StageName.FUSED, hits, time.perf_counter() - started)


def _stage(name: str, retrieve: Callable[[], retrievers.Scored], note: str = "") -> Stage:
    started = time.perf_counter()
    failed = False
    scored: retrievers.Scored = []
    try:
        scored = retrieve()
    except LibraryError as error:
        note, failed = str(error), True
    return Stage(name, ranked(scored), time.perf_counter() - started, note, failed)


def _completed(
    stage: Stage, pool: Sequence[Hit], score: Callable[[list[str]], list[float]]
) -> dict[str, float]:
    scores = {hit.chunk.id: hit.score for hit in stage.hits}
    missing = [hit.chunk.id for hit in pool if hit.chunk.id not in scores]
    if missing and not stage.fell_back:
        scores |= zip(missing, score(missing), strict=True)
    return scores if not stage.fell_back else dict.fromkeys((h.chunk.id for h in pool), 0.0)
