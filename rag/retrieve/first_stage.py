"""The first stage: one query through both retrievers and their fusion, into a pool.

The question goes through it, and so does every variant and every follow-up of it. Within a `Scope`
(chosen documents) both retrievers are exact, unless it is very large (`Store.is_exact`): no result
is lost to the approximate index.

Within a collection BM25 counts that collection's chunks only (`Scope.among`), so that its rankings
are those of a library that holds nothing else.

In the whole library each retriever checks the other. The vectors' graph finds nothing around many
passages that are nearly equal (a generated table, a hostile file), because they are linked to each
other only. If BM25 has a passage that is nearer than the middle of what the graph found, all are
compared: a graph that works misses some of the last places only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from contextvars import copy_context
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from rag.errors import LibraryError, ProviderError, SettingsError
from rag.models.coverage import NOTED, PASSAGES, knowledge, sample
from rag.retrieve import filters
from rag.retrieve.filters import EVERYTHING, Filter
from rag.retrieve.fusion import fuse
from rag.settings import Settings
from rag.store.analyse import Analyser
from rag.store.exact import COMPARED_UP_TO
from rag.store.lexical import Population
from rag.store.protocol import Store
from rag.types import Candidate, Chunk, Hit, Stage, StageName, ranked

Vector = NDArray[np.float32]
CLOSE = 1e-3  # cosines of a graph that is whole differ from the exact ones by less
MISSED = "the graph missed nearer passages"


@dataclass(frozen=True, slots=True)
class Query:
    """What the retrievers search for. ``vector`` gives the query's vector, encoded when needed."""

    words: str
    vector: Callable[[], Vector]


@dataclass(frozen=True, slots=True)
class FirstStageResult:
    """What a query found: both retrievers' rankings and their fusion.

    ``cosines`` are those of the chunks that only BM25 found.
    """

    query: Query
    dense: Stage
    lexical: Stage
    fused: Stage
    cosines: Mapping[str, float]


class FirstStage:
    """Retrieves for one question, within the documents that a filter allows."""

    def __init__(
        self,
        index: Store,
        settings: Settings,
        threads: Executor,
        coverage: Callable[[Sequence[str]], float],
        asked_within: Filter = EVERYTHING,
    ) -> None:
        """Settle what is searched; raises `FilterError` if the filter allows no document.

        ``coverage`` is the encoder's own.
        """
        if not settings.dense_weight and not settings.lexical_weight:
            raise SettingsError("dense_weight and lexical_weight are both 0; set one of them")
        self._index = index
        self._encoder_coverage = coverage
        self._settings = settings
        self._threads = threads
        self._read: dict[str, Chunk] = {}  # each chunk is read once, whoever found it
        self._scope = filters.scope_of(asked_within, index)
        self._by_graph = not index.is_exact(self._scope)
        self._note = filters.note(asked_within, self._scope, not self._by_graph)

    @property
    def among(self) -> Population | None:
        """The chunks that BM25 counts over; None for all."""
        return self._scope.among if self._scope else None

    def find(self, query: Query) -> FirstStageResult:
        """Run both retrievers side by side and fuse them.

        Raises `LibraryError` if both fail; one that fails is a stage that fell back.
        """
        # The encoder and Chroma let other threads compute meanwhile; BM25 is done before they are.
        waiting = self._threads.submit(copy_context().run, self.lexical, query.words)
        dense = self.dense(query.vector)
        lexical = waiting.result()
        if dense.fell_back and lexical.fell_back:
            raise LibraryError(f"nothing could be searched: {dense.note}; {lexical.note}")
        cosines = self._cosines_of_others(query.vector, dense, lexical)
        if self._missed(dense, cosines):
            dense = self._compared(query.vector, dense)
        fused = self._fused(query.words, dense, lexical)
        return FirstStageResult(query, dense, lexical, fused, cosines)

    def dense(self, vector: Callable[[], Vector]) -> Stage:
        """Rank the chunks nearest to a vector; if that fails, the stage fell back and is empty."""
        return self._stage(StageName.DENSE, lambda k: self._index.near(vector(), k, self._scope))

    def lexical(self, words: str) -> Stage:
        """Rank the chunks that share a term by BM25; if that fails, the stage fell back."""
        scope, among = self._scope, self.among
        # What is not counted is not found either.
        within = None if scope is None or (among and scope.ids is among.ids) else scope.ids
        return self._stage(
            StageName.LEXICAL, lambda k: self._index.lexical.search(words, k, within, among)
        )

    def candidates(self, found: FirstStageResult, ranking: Sequence[Hit]) -> list[Candidate]:
        """Return the pool out of ``ranking``, each member with both retrievers' scores.

        A chunk that a retriever did not find gets its exact score computed, so that blending
        compares like with like.
        """
        pool = ranking[: self._settings.pool]
        query = found.query
        cosines = _completed(
            found.dense, pool, lambda ids: self._cosines(query.vector(), ids), found.cosines
        )
        bm25 = _completed(
            found.lexical,
            pool,
            lambda ids: self._index.lexical.score(query.words, ids, self.among),
            {},
        )
        return [
            Candidate(hit.chunk, cosines[hit.chunk.id], bm25[hit.chunk.id], hit.score)
            for hit in pool
        ]

    def analyser_of(self, hits: Sequence[Hit]) -> Analyser:
        """Return what makes terms of text in the language of a ranking's first passage."""
        return self._index.analyser_of([hit.chunk for hit in hits[:1]])

    def _stage(self, name: str, search: Callable[[int], list[tuple[str, float]]]) -> Stage:
        started = time.perf_counter()
        try:
            hits, note, failed = ranked(self._live(search)), self._note, False
        except (LibraryError, ProviderError) as error:  # the index, or a server that encodes
            hits, note, failed = (), str(error), True
        return Stage(name, hits, time.perf_counter() - started, note, failed)

    def _live(self, search: Callable[[int], list[tuple[str, float]]]) -> list[tuple[Chunk, float]]:
        """Search until the pool is full of live chunks or the index is exhausted.

        A document that is just being added or removed may take places with chunks that are not
        live; then the search goes deeper.
        """
        depth = k = self._settings.pool
        while True:
            found = search(k)
            unread = [name for name, _ in found if name not in self._read]
            self._read |= self._index.catalogue.fetch(unread)
            live = [(self._read[name], score) for name, score in found if self._may_find(name)]
            if len(live) >= depth or len(found) < k:
                return live[:depth]
            k *= 2

    def _may_find(self, name: str) -> bool:
        return name in self._read and (self._scope is None or name in self._scope.ids)

    def _cosines_of_others(
        self, vector: Callable[[], Vector], dense: Stage, lexical: Stage
    ) -> dict[str, float]:
        if dense.fell_back:
            return {}
        here = {hit.chunk.id for hit in dense.hits}
        others = [hit.chunk.id for hit in lexical.hits if hit.chunk.id not in here]
        return dict(zip(others, self._cosines(vector(), others), strict=True)) if others else {}

    def _cosines(self, vector: Vector, ids: Sequence[str]) -> list[float]:
        stored = self._index.catalogue.vectors(ids)
        return [float(stored[name] @ vector) if name in stored else 0.0 for name in ids]

    def _missed(self, dense: Stage, cosines: Mapping[str, float]) -> bool:
        """Whether BM25 found a chunk that the graph should have found and did not."""
        if not self._by_graph or not dense.hits:
            return False
        middle = dense.hits[len(dense.hits) // 2].score
        return any(cosine > middle + CLOSE for cosine in cosines.values())

    def _compared(self, vector: Callable[[], Vector], dense: Stage) -> Stage:
        """Rank the chunks of the library by their exact cosines, unless there are too many."""
        ready = self._index.catalogue.ready()
        many = self._scope is not None  # only then is the graph asked for a part of the library
        if many or sum(document.chunks for document in ready) > COMPARED_UP_TO:
            return replace(dense, note=f"{MISSED}; there are too many to compare all")
        scope = self._index.scope([document.id for document in ready])
        stage = self._stage(StageName.DENSE, lambda k: self._index.compare(vector(), scope, k))
        note = f"{MISSED}, so all were compared"
        return replace(stage, seconds=dense.seconds + stage.seconds, note=note)

    def _fused(self, words: str, dense: Stage, lexical: Stage) -> Stage:
        started = time.perf_counter()
        best = lexical.hits or dense.hits
        texts = sample(words, [hit.chunk for hit in best[:PASSAGES]])
        coverage, note = self._coverage(texts), ""
        weights = (self._settings.dense_weight * coverage, self._settings.lexical_weight)
        rankings = [(s.hits, w) for s, w in zip((dense, lexical), weights, strict=True) if w > 0]
        if coverage < NOTED and len(rankings) == 2:
            note = f"the encoder {knowledge(coverage, texts)}: dense weight {weights[0]:.2f}"
        hits = fuse(rankings, self._settings)
        seconds = time.perf_counter() - started
        return Stage(StageName.FUSED, hits, seconds, note, details={"coverage": coverage})

    def _coverage(self, texts: Sequence[str]) -> float:
        return self._encoder_coverage(texts) if self._settings.coverage_weights else 1.0


def _completed(
    stage: Stage,
    pool: Sequence[Hit],
    score: Callable[[list[str]], list[float]],
    known: Mapping[str, float],
) -> dict[str, float]:
    if stage.fell_back:
        return {hit.chunk.id: 0.0 for hit in pool}
    scores = {**known, **{hit.chunk.id: hit.score for hit in stage.hits}}
    missing = [hit.chunk.id for hit in pool if hit.chunk.id not in scores]
    if missing:
        scores |= zip(missing, score(missing), strict=True)
    return scores
