"""Runs the query expansion of one question: every variant is a ranking, and all are fused."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from rag.errors import RanklensError
from rag.llm.client import LanguageModel
from rag.models.encoder import Encoder
from rag.retrieve.expand import FEEDBACK, HYDE, chosen, written
from rag.retrieve.feedback import feedback
from rag.retrieve.first_stage import FirstStage, FirstStageResult, Query
from rag.retrieve.fusion import fuse
from rag.settings import Settings
from rag.store.protocol import Store
from rag.types import Hit, Scalar, Stage, StageName


class Expansion:
    """The variants of one question. A model starts writing at once, beside the first retrieval."""

    def __init__(self, question: str, index: Store, encoder: Encoder, settings: Settings) -> None:
        """Let the model write; raises `SettingsError` if a variant is unknown."""
        self._index = index
        self._encoder = encoder
        self._settings = settings
        self._names = chosen(settings.expansion)
        model = LanguageModel(settings, deadline="expansion_seconds")
        with_model = [name for name in self._names if name != FEEDBACK]
        pool = ThreadPoolExecutor(max(1, len(with_model)), "expand")
        self._written = {name: pool.submit(written, name, question, model) for name in with_model}
        pool.shutdown(wait=False)

    def stages(self, asked: FirstStageResult, first: FirstStage) -> tuple[Stage, ...]:
        """Return a stage for each variant and the stage ``expanded``; nothing if it is off.

        A variant that cannot be had is an empty stage that fell back, with the reason.
        """
        variants = tuple(self._variant(name, asked, first) for name in self._names)
        return (*variants, self._fused(asked, variants)) if variants else ()

    def _variant(self, name: str, asked: FirstStageResult, first: FirstStage) -> Stage:
        started = time.perf_counter()
        details: Mapping[str, Scalar] = {}
        try:
            if name == FEEDBACK:
                query = self._feedback(asked, first)
            else:
                variant = self._written[name].result()  # it keeps its own deadline
                details = variant.details
                if variant.problem:
                    raise RanklensError(variant.problem)
                query = self._query(name, variant.text, asked)
            hits = first.find(query).fused.hits[: self._settings.pool]
        except RanklensError as error:
            seconds = time.perf_counter() - started
            return Stage(name, (), seconds, str(error), fell_back=True, details=details)
        return Stage(name, hits, time.perf_counter() - started, query.words, details=details)

    def _feedback(self, asked: FirstStageResult, first: FirstStage) -> Query:
        return feedback(
            asked.query,
            asked.fused.hits,
            self._index,
            self._index.analyser_of([hit.chunk for hit in asked.fused.hits]),
            self._settings.feedback_passages,
            self._settings.feedback_words,
            first.among,
        )

    def _query(self, name: str, text: str, asked: FirstStageResult) -> Query:
        if name != HYDE:
            return Query(text, lambda: self._encoder.encode_query(text))
        # HyDE (Gao et al., ACL 2023): what was written is encoded as a passage, not as a question.
        words = f"{asked.query.words} {text}"
        return Query(words, lambda: self._encoder.encode([text])[0])

    def _fused(self, asked: FirstStageResult, variants: Sequence[Stage]) -> Stage:
        started = time.perf_counter()
        useful = [stage for stage in variants if stage.hits]
        weight = self._settings.expansion_weight
        rankings: list[tuple[Sequence[Hit], float]] = [(asked.fused.hits, 1.0)]
        rankings += [(stage.hits, weight) for stage in useful]
        failed = [f"{stage.name}: {stage.note}" for stage in variants if stage.fell_back]
        note = f"the question with {', '.join(stage.name for stage in useful)}"
        if not useful:
            note = "the question alone"
        return Stage(
            StageName.EXPANDED,
            fuse(rankings, self._settings) if useful else asked.fused.hits,
            time.perf_counter() - started,
            "; ".join([note, *failed]),
            fell_back=bool(failed) and not useful,
            details={"variants": len(useful)},
        )
