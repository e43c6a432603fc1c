"""Scores of a pool from a reranker or a combination of them, for many questions at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from rag.rerank.base import Combined, Entry, QueryPool, Ranker, Scores, merged
from rag.settings import Settings
from rag.types import Candidate, Scalar, normalised

Weights = tuple[float, float, float]


class Parts(Protocol):
    """What a combination is made of: the rerankers of the table, and how they are blended."""

    def score(self, entry: Entry, pools: Sequence[QueryPool]) -> list[Scores]:
        """Return one reranker's scores of every question's pool."""

    def weights(self, ranker: Ranker, query: str, pool: Sequence[Candidate]) -> Weights:
        """Return the weights of dense, BM25 and reranker scores in a blend."""


def score(
    ranker: Ranker, pools: Sequence[QueryPool], single: Parts, settings: Settings
) -> list[Scores]:
    """Return the scores of every question's pool; ``single`` runs one reranker of the table."""
    if isinstance(ranker, Entry):
        return single.score(ranker, pools)
    if ranker.how == "hybrid":
        (part,) = ranker.parts
        own = score(part, pools, single, settings)
        return [
            Scores(
                blend(pool, s, single.weights(part, query, pool)),
                {**s.details, "unit": "weighted sum"},
            )
            for (query, pool), s in zip(pools, own, strict=True)
        ]
    if ranker.how == "rrf":
        parts = [score(part, pools, single, settings) for part in ranker.parts]
        return [fused(of_one, settings.rrf_k) for of_one in zip(*parts, strict=True)]
    return _cascade(ranker, pools, single, settings)


def blend(pool: Sequence[Candidate], scores: Sequence[float], weights: Weights) -> list[float]:
    """Weighted sum of dense, BM25 and reranker scores, each min-max normalised within the pool."""
    columns = ([c.dense for c in pool], [c.lexical for c in pool], list(scores))
    totals = [0.0] * len(pool)
    for weight, column in zip(weights, columns, strict=True):
        for i, value in enumerate(normalised(column)):
            totals[i] += weight * value
    return totals


def blend_weights(settings: Settings, dense: float = 1.0, own: float = 1.0) -> Weights:
    """Return the weights of a blend; a model counts less, the less of the language it knows."""
    return settings.blend_dense * dense, settings.blend_lexical, settings.blend_reranker * own


def fused(parts: Sequence[Scores], k: int) -> Scores:
    """Reciprocal-rank fusion of several scorings of one pool: the sum of 1 / (k + rank)."""
    totals = [0.0] * len(parts[0])
    for scores in parts:
        for rank, row in enumerate(best_first(scores), 1):
            totals[row] += 1 / (k + rank)
    details = merged(scores.details for scores in parts)
    return Scores(totals, details | {"unit": "reciprocal ranks"})


def best_first(scores: Sequence[float]) -> list[int]:
    """Return the rows by falling score; ties keep their order."""
    return sorted(range(len(scores)), key=lambda row: -scores[row])


def with_tail(head: dict[int, float], order: Sequence[int]) -> list[float]:
    """Return a score for every row of ``order``: the head's own, the others below it in order.

    What was not scored stands one apart below the lowest score that was given.
    """
    scores = dict(head)
    floor = min(head.values(), default=0.0)
    for row in order:
        if row not in head:
            floor -= 1.0
            scores[row] = floor
    return [scores[row] for row in range(len(order))]


def _unit(scores: Scores) -> dict[str, Scalar]:
    return {"unit": scores.details["unit"]} if "unit" in scores.details else {}


def _cascade(
    ranker: Combined, pools: Sequence[QueryPool], single: Parts, settings: Settings
) -> list[Scores]:
    found = score(ranker.parts[0], pools, single, settings)
    cut = settings.rerank_cut
    for part in ranker.parts[1:]:
        orders = [best_first(scores) for scores in found]
        heads = [order[:cut] for order in orders]
        pairs = zip(pools, heads, strict=True)
        smaller = [(query, [pool[row] for row in head]) for (query, pool), head in pairs]
        costly = score(part, smaller, single, settings)
        found = [
            Scores(
                with_tail(dict(zip(head, own, strict=True)), order),
                # The last step's unit holds: what it did not score stands below.
                {**merged((before.details, own.details)), **_unit(own)},
            )
            for head, own, order, before in zip(heads, costly, orders, found, strict=True)
        ]
        cut = max(1, cut // 2)
    return found
