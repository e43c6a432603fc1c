"""What would have let a passage into the answer: computed from the trace, in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rag.inspect.places import StagePlace
from rag.inspect.removal import Removal
from rag.types import RETRIEVERS, Chunk, Hit, StageName, Trace

LARGEST_TOP = 100  # the bound of the option


def remedy(
    trace: Trace, chunk: Chunk, places: Sequence[StagePlace], removal: Removal, pool: int | None
) -> str:
    """Return in a sentence what would have included a passage, "" if it was given to the answer.

    ``pool`` is the smallest pool that would have held it (`rag.inspect.places.least_pool`).
    """
    if not removal.where:
        return ""
    last = next((hit for hit in trace.stages[-1].hits if hit.chunk.id == chunk.id), None)
    if removal.where == "answer":
        return _answer(trace)
    if last is not None:
        return _below_the_cut(trace, last, places)
    if removal.where == "filter":
        return f"Ask without the filter, or add {chunk.document} to it."
    if not any(place.rank for place in places):
        return "Add its document again."
    return _outside_the_pool(trace, pool)


def _answer(trace: Trace) -> str:
    answer = trace.answer
    if answer is not None and answer.refused_below is not None and answer.relevance is not None:
        return f"A refuse_below of {_under(answer.relevance)} would have answered."
    return "A model with a larger window (llm_context) would leave room for it."


def _below_the_cut(trace: Trace, last: Hit, places: Sequence[StagePlace]) -> str:
    changes = []
    if last.rank > trace.top:
        if last.rank > LARGEST_TOP:
            return f"It is beyond the largest top ({LARGEST_TOP}).{_since(trace, places)}"
        changes.append(f"top {last.rank}")
    if trace.threshold is not None and last.score < trace.threshold:
        changes.append(f"threshold {_under(last.score)}")
    return f"{' and '.join(changes).capitalize()} would include it.{_since(trace, places)}"


def _since(trace: Trace, places: Sequence[StagePlace]) -> str:
    """Return at which rank the passage came into the pool, if a reranker has moved it since."""
    reranked = trace.stage(StageName.RERANKED)
    ranks = {place.stage: place.rank for place in places if place.recorded}
    before = next((ranks[n] for n in (StageName.EXPANDED, StageName.FUSED) if ranks.get(n)), None)
    if reranked is None or before is None:
        return ""
    return f" It came into the pool of {len(reranked.hits)} at rank {before}."


def _outside_the_pool(trace: Trace, pool: int | None) -> str:
    failed = [s for s in trace.stages if s.name in RETRIEVERS and s.fell_back]
    if failed:
        return f"Ask again when {failed[0].name} retrieval works."
    if pool is None:
        return "No pool reaches it; ask in its own words, or within its document."
    if pool <= int(trace.settings.get("pool", 0)):
        return "Ask again: with the library of now its pool holds it."
    return f"Pool {pool} would hand it to the reranker."


def _under(score: float) -> str:
    """Return a score rounded down to three decimals, so that the score itself reaches it."""
    return f"{math.floor(score * 1000) / 1000:g}"
