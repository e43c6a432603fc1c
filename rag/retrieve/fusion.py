"""Fusion of several rankings into one."""

from __future__ import annotations

from collections.abc import Sequence

from rag.settings import Settings
from rag.types import Chunk, Hit, normalised, ranked


def fuse(rankings: Sequence[tuple[Sequence[Hit], float]], settings: Settings) -> tuple[Hit, ...]:
    """Fuse weighted rankings by the method that the settings name."""
    if settings.fusion == "weighted":
        return weighted(rankings)
    return reciprocal_rank(rankings, settings.rrf_k)


def reciprocal_rank(
    rankings: Sequence[tuple[Sequence[Hit], float]], k: int = 60
) -> tuple[Hit, ...]:
    """Reciprocal-rank fusion: the sum of weight / (k + rank) over the rankings that hold a chunk.

    Cormack, Clarke and Büttcher, "Reciprocal Rank Fusion outperforms Condorcet and individual
    Rank Learning Methods", SIGIR 2009.
    """
    return _summed([[(h.chunk, w / (k + h.rank)) for h in hits] for hits, w in rankings])


def weighted(rankings: Sequence[tuple[Sequence[Hit], float]]) -> tuple[Hit, ...]:
    """Sum of weight × score, the scores min-max normalised within each ranking first.

    A chunk that a ranking does not hold gets 0 from it, as does that ranking's last one. Where all
    scores of a ranking are equal (a rare word that one passage has), each counts as 1.
    """
    parts = []
    for hits, weight in rankings:
        scores = [hit.score for hit in hits]
        scores = normalised(scores) if len(set(scores)) > 1 else [1.0] * len(scores)
        parts.append([(h.chunk, weight * s) for h, s in zip(hits, scores, strict=True)])
    return _summed(parts)


def _summed(parts: Sequence[Sequence[tuple[Chunk, float]]]) -> tuple[Hit, ...]:
    chunks: dict[str, Chunk] = {}
    totals: dict[str, float] = {}
    for part in parts:
        for chunk, score in part:
            chunks.setdefault(chunk.id, chunk)
            totals[chunk.id] = totals.get(chunk.id, 0.0) + score
    return ranked((chunk, totals[name]) for name, chunk in chunks.items())
