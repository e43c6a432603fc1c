"""One question from words to evidence to answer. The file to read first.

    question → dense ∥ lexical, each to depth `pool` → fusion → (expansion: variants, each by the
    same way, fused again) → reranker on the pool → (second hop) → (what stands beside the best of
    them) → answer

Every arrow is a `Stage` of one `Trace`. The page, the command line and the evaluation all call
this; nothing is overwritten on the way. What stands in parentheses is off by default.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache, partial
from typing import Any

from rag.errors import RanklensError, RerankError
from rag.generate import generator_for, generator_name
from rag.generate.answer import Answering
from rag.generate.relevance import relevance, unmentioned
from rag.models.encoder import Encoder
from rag.rerank.base import Context, Entry, Reranker
from rag.rerank.run import Rerankers
from rag.retrieve import filters, given
from rag.retrieve.filters import EVERYTHING, Filter
from rag.retrieve.first_stage import FirstStage, FirstStageResult, Query
from rag.retrieve.question import checked_question
from rag.retrieve.second_hop import second_hop
from rag.retrieve.variants import Expansion
from rag.retrieve.widen import widened
from rag.settings import SHAPES_ANSWER, SHAPES_INDEX, SHAPES_RANKING, Settings
from rag.store.protocol import Store
from rag.types import Candidate, Stage, Trace


class Pipeline:
    """Searches and answers over one index. Safe to use from several threads."""

    def __init__(
        self,
        index: Store,
        encoder: Encoder,
        settings: Settings,
        shared: _Shared | None = None,
        asked_within: Filter = EVERYTHING,
        stop: threading.Event | None = None,
    ) -> None:
        self.index = index
        self.encoder = encoder
        self.settings = settings
        self.asked_within = asked_within
        self._shared = shared or _Shared()
        self._stop = stop

    def with_settings(self, **changes: Any) -> Pipeline:
        """Return a pipeline with other settings over the same index and loaded models."""
        settings = self.settings.updated(**changes)
        return self._changed(settings, self.asked_within, self._stop)

    def within(self, asked_within: Filter) -> Pipeline:
        """Return a pipeline that asks only the documents that a filter allows."""
        return self._changed(self.settings, asked_within, self._stop)

    def over(self, index: Store) -> Pipeline:
        """Return a pipeline over another view of the same index, with the same loaded models."""
        asked, stop = self.asked_within, self._stop
        return Pipeline(index, self.encoder, self.settings, self._shared, asked, stop)

    def until(self, stop: threading.Event) -> Pipeline:
        """Return a pipeline that raises `RanklensError` when it reranks once ``stop`` is set."""
        return self._changed(self.settings, self.asked_within, stop)

    def _changed(
        self, settings: Settings, asked_within: Filter, stop: threading.Event | None
    ) -> Pipeline:
        return Pipeline(self.index, self.encoder, settings, self._shared, asked_within, stop)

    def close(self) -> None:
        """Let the threads go."""
        self._shared.threads.shutdown(wait=False, cancel_futures=True)
        self._shared.rerankers.close()

    def search(self, question: str) -> Trace:
        """Retrieve, fuse and rerank; the trace has no answer yet.

        Documents that the question names (``@name``) take the place of the filter; the collection
        that is asked stays. Raises
        `RanklensError` on a question that is empty or too long, `FilterError` where no document is
        what was named, `LibraryError` where both retrievers fail.
        """
        return self.rank(self.retrieve(question))

    def retrieve(self, question: str) -> Retrieved:
        """Find a question's candidates; any pipeline over the same index can `rank` them."""
        question = checked_question(question, self.settings)
        with self.index.one_version():
            question, named = self.mentioned(question)
            return (self.within(named) if named else self)._retrieve(question.strip())

    def mentioned(self, question: str) -> tuple[str, Filter]:
        """Return the question without its ``@name`` marks, and the filter that they stand for.

        It is empty if there are none, else it is of the collection that this pipeline asks.
        """
        collection = self.asked_within.collection
        documents = partial(filters.documents_of, collection, self.index)
        question, named = filters.mentioned(question, documents)
        return question, named.inside(collection) if named else named

    def rank(self, retrieved: Retrieved) -> Trace:
        """Rerank candidates, and follow the best of them if there is a second hop."""
        return self._followed(retrieved, self.rerank(retrieved.question, retrieved.pool))

    def search_many(self, questions: Sequence[str]) -> list[Trace]:
        """Search for many questions, reranked in one pass of the model if it can do that.

        For fitting and the like: no reranking policy, no budget, and a reranked stage's seconds are
        its share of the pass. Raises as `search` does.
        """
        found = [self.retrieve(question) for question in questions]
        asked = [(one.question, one.pool) for one in found]
        stages = self._shared.rerankers.rank_many(asked, self._context())
        return [self._followed(one, stage) for one, stage in zip(found, stages, strict=True)]

    def _followed(self, retrieved: Retrieved, reranked: Stage) -> Trace:
        stages = (*retrieved.stages, reranked)
        if self.settings.hops > 1:
            found, first = retrieved.found, retrieved.first
            stages += second_hop(found, reranked, first, self.settings, self.rerank)
        return Trace(retrieved.question, self._trace_settings(retrieved.within), stages)

    def _retrieve(self, question: str) -> Retrieved:
        if not question:
            raise RanklensError("the question is empty; type a few words")
        vector = lru_cache(1)(partial(self.encoder.encode_query, question))
        expansion = Expansion(question, self.index, self.encoder, self.settings)
        first = FirstStage(
            self.index,
            self.settings,
            self._shared.threads,
            self.encoder.coverage,
            self.asked_within,
        )
        found = first.find(Query(question, vector))
        stages = (found.dense, found.lexical, found.fused, *expansion.stages(found, first))
        pool = tuple(first.candidates(found, stages[-1].hits))
        return Retrieved(question, stages, pool, found, first, self.asked_within)

    def widen(self, trace: Trace) -> Trace:
        """Return a trace with the passages beside its evidence, if the settings want them.

        For a trace that is going to be answered: a search alone does without.
        """
        if self.settings.widen == "off" or (self.settings.widen == "auto" and not self._quotes):
            return trace
        return replace(trace, widened=widened(self.index.catalogue, trace.evidence))

    def answer(self, trace: Trace) -> Answering:
        """Answer from what a trace gives (`widen` it first); iterate over the result for text."""
        generator = generator_for(self.settings, self.encoder, self.index.tokens.fetch)
        below = self.settings.refuse_below
        terms = self.index.analyser_of([hit.chunk for hit in trace.evidence])
        near = relevance(trace, terms) if below else None
        lacking = unmentioned(trace, terms) if near is not None and near < below else ()
        return Answering(generator, trace.question, trace.given, near, below, lacking)

    def ask(self, question: str) -> Trace:
        """Search and answer; returns the trace with its answer."""
        trace = self.widen(self.search(question))
        answering = self.answer(trace)
        for _piece in answering:
            pass
        return trace.with_answer(answering.answer)

    def rerank(self, question: str, pool: Sequence[Candidate]) -> Stage:
        """Rank a pool by the settings' reranker; if it fails, the stage fell back."""
        return self._shared.rerankers.rank(question, pool, self._context(), self._stop)

    def rank_texts(
        self, question: str, texts: Sequence[str], stop: threading.Event | None = None
    ) -> Stage:
        """Rank texts that are in no library; a chunk's id is its text's place, from 0.

        Always by the reranker, all of them, and from the texts alone: token vectors kept in the
        library have no part in it. Raises `RerankError` if the reranker fails, since there is no
        other order, and `RanklensError` once ``stop`` is set.
        """
        settings = self.settings.updated(rerank_policy="always", rerank_budget_ms=0)
        pool = given.candidates(question, texts)
        stage = self._shared.rerankers.rank(question, pool, Context(settings, self.encoder), stop)
        if stage.fell_back:
            raise RerankError(stage.note.replace("fell back to the fused order: ", ""))
        return stage

    def read_in_part(self, question: str, texts: Sequence[str]) -> tuple[int, ...]:
        """Return the places of texts that are longer than the settings' reranker reads."""
        context = Context(self.settings, self.encoder)
        return self._shared.rerankers.read_in_part(question, texts, context)

    def reranker_parts(self) -> list[tuple[Entry, Reranker | None]]:
        """Return the single rerankers that the settings' one is made of, loaded.

        Raises `RerankError` where one cannot run here.
        """
        return self._shared.rerankers.parts(self._context())

    @property
    def _quotes(self) -> bool:
        return generator_name(self.settings) == "extractive"

    def _context(self) -> Context:
        return Context(self.settings, self.encoder, self.index.tokens.fetch)

    @cached_property
    def _shaping(self) -> dict[str, Any]:
        return self.settings.shaping(SHAPES_INDEX, SHAPES_RANKING, SHAPES_ANSWER)

    def _trace_settings(self, asked_within: Filter) -> dict[str, Any]:
        within: dict[str, Any] = {}
        if asked_within.collection:
            within["collection"] = asked_within.collection
        if asked_within.chooses:
            within["within"] = asked_within.as_setting()
        return {**self._shaping, **within, "encoder_revision": self.encoder.revision}


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A question's candidates before reranking: the stages that found them, and the pool.

    Reranked by several pipelines, it is one and the same pool for all of them. ``found`` and
    ``first`` are what a second hop starts from.
    """

    question: str
    stages: tuple[Stage, ...]
    pool: tuple[Candidate, ...]
    found: FirstStageResult
    first: FirstStage
    within: Filter


class _Shared:
    """What all pipelines over one index share: threads, loaded rerankers and their scores."""

    def __init__(self) -> None:
        self.threads = ThreadPoolExecutor(max_workers=8, thread_name_prefix="search")
        self.rerankers = Rerankers()
