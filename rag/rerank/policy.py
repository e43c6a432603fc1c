"""When to rerank, and how much of the pool: selective reranking and the latency budget."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from rag.settings import Settings
from rag.types import Candidate, Scalar, normalised

PROBE = 4


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether to rerank, why in words, and the numbers behind it."""

    rerank: bool
    note: str = ""
    details: dict[str, Scalar] | None = None


def decide(pool: Sequence[Candidate], settings: Settings) -> Decision:
    """Apply ``rerank_policy``: under ``ambiguous``, skip if the first stage is sure."""
    if settings.rerank_policy == "always":
        return Decision(True)
    if settings.rerank_policy == "never":
        return Decision(False, "not reranked: the policy is never", {"policy": "never"})
    gap, spread = sureness(pool, settings)
    sure = gap >= settings.rerank_gap and spread >= settings.rerank_spread
    numbers = (
        f"gap {gap:.2f} of {settings.rerank_gap:g}, spread {spread:.2f} of "
        f"{settings.rerank_spread:g}"
    )
    note = f"{'not reranked, the first stage is sure' if sure else 'reranked as ambiguous'}"
    details: dict[str, Scalar] = {"policy": "ambiguous", "gap": gap, "spread": spread}
    return Decision(not sure, f"{note} ({numbers})", details)


def sureness(pool: Sequence[Candidate], settings: Settings) -> tuple[float, float]:
    """Return by how much the first candidate leads the second best and the last of the evidence.

    A candidate's strength is the mean of its dense and BM25 scores (weights ``blend_dense`` and
    ``blend_lexical``), each min-max normalised within the pool, so both leads are within -1..1. A
    single candidate leads by 1.
    """
    if len(pool) < 2:
        return 1.0, 1.0
    weights = (settings.blend_dense, settings.blend_lexical)
    total = sum(weights) or 1.0
    dense, lexical = normalised([c.dense for c in pool]), normalised([c.lexical for c in pool])
    strengths = [
        (weights[0] * d + weights[1] * b) / total for d, b in zip(dense, lexical, strict=True)
    ]
    first, others = strengths[0], sorted(strengths[1:], reverse=True)
    last = others[min(settings.top, len(pool)) - 2] if settings.top > 1 else others[0]
    return first - others[0], first - last


class Costs:
    """What a pair has cost lately, in seconds, by reranker."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: dict[str, float] = {}

    def learn(self, name: str, seconds: float, pairs: int) -> None:
        """Remember a measurement; the newest counts half."""
        if pairs:
            with self._lock:
                now = seconds / pairs
                self._seconds[name] = (self._seconds.get(name, now) + now) / 2

    def known(self, name: str) -> float | None:
        """Return the seconds a pair takes, None if nothing was measured."""
        return self._seconds.get(name)

    def allowed(self, name: str, seconds: float) -> int:
        """Return the pairs that fit into ``seconds``, at least one."""
        cost = self._seconds.get(name)
        return max(1, int(seconds / cost)) if cost else 1 << 30
