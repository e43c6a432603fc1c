"""Passages of a trace as data for other programs: each with its place at every stage.

    found = retrieve(library, "When was the bridge opened?", k=5)
    found[0].hit.chunk.text, found[0].metadata["stages"]["dense"]["rank"]

What frameworks are given is made of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from rag.journey import Journey, Standing, journeys
from rag.rerank.relevance import relevances
from rag.types import Chunk, Hit, StageName, Trace

if TYPE_CHECKING:
    from ranklens.reranking import Reranking

# `Standing` is a type of the engine that passages have.
__all__ = [
    "RankedPassage",
    "Searchable",
    "Standing",
    "after_reranking",
    "passages",
    "relevances_of",
    "retrieve",
    "search_options",
    "text_to_rank",
    "where_from",
]

POOL = 50  # the default depth of each retriever: with a larger `k` the pool is `k` deep
TOP = 100  # the most that the option ``top`` allows


class Searchable(Protocol):
    """What can be searched: a `Library`, or a `RemoteLibrary` behind a server's address."""

    def search(self, question: str, /, **options: Any) -> Trace:
        """Rank the passages for a question."""


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A passage that a search returned, its place at every stage, and the same as metadata.

    The metadata is made of JSON's own types.
    """

    hit: Hit
    standings: tuple[Standing, ...]
    metadata: dict[str, Any]


def retrieve(
    library: Searchable, question: str, k: int, options: Mapping[str, Any]
) -> list[RankedPassage]:
    """Search and return the best ``k`` passages; ``options`` are those of `Library.search`.

    Above `POOL` passages the retrievers go ``k`` deep, unless the options name a pool.
    """
    trace = library.search(question, **{**search_options(k), **options})
    return passages(trace, k)


def search_options(k: int) -> dict[str, Any]:
    """Return the options with which a search ranks at least ``k`` passages."""
    return {"top": min(k, TOP), **({"pool": k} if k > POOL else {})}


def passages(trace: Trace, k: int | None = None) -> list[RankedPassage]:
    """Return the first ``k`` of a trace's last ranking that reach the threshold, best first.

    Without ``k`` they are the evidence that an answer is given.
    """
    if not trace.stages:
        return []
    hits = trace.stages[-1].hits[: trace.top if k is None else k]
    least = trace.threshold
    ways = {way.chunk.id: way for way in journeys(trace)}
    return [
        RankedPassage(hit, ways[hit.chunk.id].standings, _metadata(trace, hit, ways[hit.chunk.id]))
        for hit in hits
        if least is None or hit.score >= least
    ]


def relevances_of(trace: Trace) -> list[float]:
    """Return the relevance, 0 to 1, of each passage of the last ranking, in its order."""
    if not trace.stages:
        return []
    last, options = trace.stages[-1], trace.settings
    weights = sum(float(options[f"blend_{name}"]) for name in ("dense", "lexical", "reranker"))
    unit = str(last.details.get("unit", ""))
    return relevances([hit.score for hit in last.hits], unit, weights)


def where_from(chunk: Chunk) -> dict[str, Any]:
    """Return what names a chunk's place: document, page, headings and characters."""
    return {
        "document": chunk.document,
        "page": chunk.page,
        "headings": list(chunk.heading),
        "start": chunk.start,
        "end": chunk.end,
    }


def text_to_rank(text: str, metadata: Mapping[str, Any]) -> str:
    """Return a text as rerankers read passages: of our own, under their document and headings."""
    document, headings = metadata.get("document"), metadata.get("headings")
    if not isinstance(document, str) or not isinstance(headings, list):
        return text
    return Chunk("", document, 0, len(text), text, heading=tuple(map(str, headings))).passage


def after_reranking(reranking: Reranking) -> list[tuple[int, float, dict[str, Any]]]:
    """Return (place among the given texts, relevance from 0 to 1, metadata), best first."""
    return [
        (
            one.index,
            one.relevance,
            {
                "reranker": reranking.reranker,
                "rank": rank,
                "rank_before": one.index + 1,
                "score": one.score,
                "relevance": one.relevance,
                "cut": one.index in reranking.cut,
                "note": reranking.note,
            },
        )
        for rank, one in enumerate(reranking.ranked, 1)
    ]


def _metadata(trace: Trace, hit: Hit, way: Journey) -> dict[str, Any]:
    reranked = trace.stage(StageName.RERANKED)
    stages = {
        standing.stage: {"rank": standing.rank, "score": standing.score}
        for standing in way.standings
    }
    return {
        **where_from(hit.chunk),
        "rank": hit.rank,
        "score": hit.score,
        "stages": stages,
        "reranker": reranked.reranker if reranked else "",
        "fell_back": [stage.name for stage in trace.stages if stage.fell_back],
        "settings_digest": trace.settings_digest,
    }
