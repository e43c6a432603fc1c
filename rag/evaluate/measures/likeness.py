"""How alike two rankings are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

import numpy as np

from rag.evaluate.data import Run

PERSISTENCE = 0.9  # of the reader whom RBO imagines: the first ten places get 86 % of the weight


@dataclass(frozen=True, slots=True)
class Likeness:
    """Means over questions; ``tau`` is None if no question has two items in both rankings."""

    tau: float | None
    rbo: float
    overlap: float
    questions: int
    same_pool: bool


def likeness(first: Run, second: Run) -> Likeness | None:
    """Compare two pipelines' last stages over the questions that both ranked; None without any."""
    left, right = (dict(run.rankings(run.last)) for run in (first, second))
    return alike([(left[q].items, right[q].items) for q in left if q in right])


def alike(pairs: Sequence[tuple[Sequence[str], Sequence[str]]], k: int = 10) -> Likeness | None:
    """Compare pairs of rankings of one question each; None without any."""
    if not pairs:
        return None
    taus = [tau for a, b in pairs if (tau := kendall_tau(a, b)) is not None]
    return Likeness(
        tau=fmean(taus) if taus else None,
        rbo=fmean(rbo(a, b) for a, b in pairs),
        overlap=fmean(overlap(a, b, k) for a, b in pairs),
        questions=len(pairs),
        same_pool=all(set(a) == set(b) for a, b in pairs),
    )


def kendall_tau(first: Sequence[str], second: Sequence[str]) -> float | None:
    """Return Kendall's tau of two rankings over the items that both hold; None for fewer than two.

    Rankings have no ties, so this is tau-b too.
    """
    ranks = {item: rank for rank, item in enumerate(second)}
    shared = np.array([ranks[item] for item in first if item in ranks])
    if len(shared) < 2:
        return None
    later = np.triu(np.sign(shared[None, :] - shared[:, None]))  # 1: this pair has one order
    return float(2 * later.sum() / (len(shared) * (len(shared) - 1)))


def rbo(first: Sequence[str], second: Sequence[str], p: float = PERSISTENCE) -> float:
    """Return the extrapolated rank-biased overlap, 0..1, to the depth of the shorter ranking.

    Webber, Moffat and Zobel, "A similarity measure for indefinite rankings", 2010, equation 30.
    Two empty rankings are alike, an empty and a filled one are not.
    """
    depth = min(len(first), len(second))
    if not depth:
        return float(len(first) == len(second))
    seen: set[str] = set()
    shared, total = 0, 0.0
    for d in range(1, depth + 1):
        for item in (first[d - 1], second[d - 1]):
            shared += item in seen
            seen.add(item)
        total += shared / d * p**d
    return shared / depth * p**depth + (1 - p) / p * total


def overlap(first: Sequence[str], second: Sequence[str], k: int) -> float:
    """Return the share of the first ``k`` that both rankings have, of as many as there are."""
    left, right = set(first[:k]), set(second[:k])
    most = max(len(left), len(right))
    return len(left & right) / most if most else 1.0
