"""One question from words to evidence to answer. The file to read first.

    question → dense ∥ lexical, each to depth `pool` → fusion → reranker on the pool → answer

Every arrow is a `Stage` of one `Trace`. The page, the command line and the evaluation all call
this; nothing is overwritten on the way.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import LibraryError, RanklensError, SettingsError
from rag.generate import generator_for
from rag.generate.answer import Answering
from rag.models.encoder import Encoder
from rag.rerank.base import Context, Reranker, rerank
from rag.rerank.table import choose
from rag.retrieve import filters, retrievers
from rag.retrieve.filters import EVERYTHING, Filter
from rag.retrieve.fusion import fuse
from rag.settings import SHAPES_ANSWER, SHAPES_INDEX, SHAPES_RANKING, Settings
from rag.store.exact import Scope
from rag.store.index import Index
from rag.types import Candidate, Hit, Stage, Trace, ranked

Vector = NDArray[np.float32]


class Pipeline:
    """Searches and answers over one index. Safe to use from several threads."""

    def __init__(
        self,
        index: Index,
        encoder: Encoder,
        settings: Settings,
        shared: _Shared | None = None,
        asked_within: Filter = EVERYTHING,
    ) -> None:
        self.index = index
        self.encoder = encoder
        self.settings = settings
        self.asked_within = asked_within
        self._shared = shared or _Shared()

    def with_settings(self, **changes: Any) -> Pipeline:
        """Return a pipeline with other settings over the same index and loaded models."""
        settings = self.settings.updated(**changes)
        return Pipeline(self.index, self.encoder, settings, self._shared, self.asked_within)

    def within(self, asked_within: Filter) -> Pipeline:
        """Return a pipeline that asks only the documents that a filter allows."""
        return Pipeline(self.index, self.encoder, self.settings, self._shared, asked_within)

    def close(self) -> None:
        """Let the threads go."""
        self._shared.threads.shutdown(wait=False, cancel_futures=True)

    def search(self, question: str) -> Trace:
        """Retrieve, fuse and rerank; the trace has no answer yet.

        Documents that the question names (``@name``) take the place of the filter. Raises
        `RanklensError` on an empty question, `FilterError` where no document is what was named,
        `LibraryError` where both retrievers fail.
        """
        question, named = filters.mentioned(question, self.index.catalogue.ready)
        return (self.within(named) if named else self)._search(question.strip())

    def _search(self, question: str) -> Trace:
        if not question:
            raise RanklensError("the question is empty; type a few words")
        vector = self._shared.threads.submit(self.encoder.encode_query, question)
        scope = filters.scope_of(self.asked_within, self.index)
        dense, lexical = self._retrieve(question, vector, scope)
        fused = self._fuse(dense, lexical)
        pool = self._candidates(question, vector, dense, lexical, fused)
        reranked = self._rerank(question, pool)
        return Trace(question, self._trace_settings(), (dense, lexical, fused, reranked))

    def answer(self, trace: Trace) -> Answering:
        """Answer from a trace's evidence; iterate over the result for pieces of text."""
        generator = generator_for(self.settings, self.encoder)
        return Answering(generator, trace.question, trace.evidence)

    def ask(self, question: str) -> Trace:
        """Search and answer; returns the trace with its answer."""
        trace = self.search(question)
        answering = self.answer(trace)
        for _piece in answering:
            pass
        return trace.with_answer(answering.answer)

    def _retrieve(
        self, question: str, vector: Future[Vector], scope: Scope | None
    ) -> tuple[Stage, Stage]:
        depth = self.settings.pool
        note = filters.note(self.asked_within, scope)
        dense = self._shared.threads.submit(
            _stage,
            "dense",
            lambda: retrievers.dense(self.index, vector.result(), depth, scope),
            note,
        )
        lexical = _stage(
            "lexical", lambda: retrievers.lexical(self.index, question, depth, scope), note
        )
        both = dense.result(), lexical
        if all(stage.fell_back for stage in both):
            raise LibraryError(f"nothing could be searched: {both[0].note}; {both[1].note}")
        return both

    def _fuse(self, dense: Stage, lexical: Stage) -> Stage:
        started = time.perf_counter()
        weights = (self.settings.dense_weight, self.settings.lexical_weight)
        if not any(weights):
            raise SettingsError("dense_weight and lexical_weight are both 0; set one of them")
        rankings = [(s.hits, w) for s, w in zip((dense, lexical), weights, strict=True) if w > 0]
        hits = fuse(rankings, self.settings)
        return Stage("fused", hits, time.perf_counter() - started)

    def _candidates(
        self, question: str, vector: Future[Vector], dense: Stage, lexical: Stage, fused: Stage
    ) -> list[Candidate]:
        """Return the pool, each member with both retrievers' scores.

        A chunk that only one retriever found gets the other's exact score computed, so that
        blending compares like with like.
        """
        pool = fused.hits[: self.settings.pool]
        cosines = _completed(
            dense, pool, lambda ids: retrievers.dense_scores(self.index, vector.result(), ids)
        )
        bm25 = _completed(lexical, pool, lambda ids: self.index.lexical.score(question, ids))
        return [
            Candidate(hit.chunk, cosines[hit.chunk.id], bm25[hit.chunk.id], hit.score)
            for hit in pool
        ]

    def _rerank(self, question: str, pool: Sequence[Candidate]) -> Stage:
        context = Context(self.settings, self.encoder)
        entry, why = choose(context)
        return rerank(
            question, pool, entry, lambda: self._shared.load(entry, context), self.settings, why
        )

    def _trace_settings(self) -> dict[str, Any]:
        shaping = self.settings.shaping(SHAPES_INDEX, SHAPES_RANKING, SHAPES_ANSWER)
        within = {"within": self.asked_within.as_setting()} if self.asked_within else {}
        return {**shaping, **within, "encoder_revision": self.encoder.revision}


class _Shared:
    """What all pipelines over one index share: threads and loaded rerankers."""

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="search")
        self._loading = threading.Lock()
        self._loaded: dict[tuple[str, ...], Reranker | None] = {}

    def load(self, entry: Any, context: Context) -> Reranker | None:
        """Return the entry's reranker, building it on first use."""
        key = (entry.name, context.settings.cross_encoder)
        with self._loading:
            if key not in self._loaded:
                self._loaded[key] = entry.build(context)
            return self._loaded[key]


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
