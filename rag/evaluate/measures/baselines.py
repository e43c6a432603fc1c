"""What a reranker's pool would give in random order, and in the best order there is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from rag.evaluate.data import Grades
from rag.evaluate.measures.metrics import per_question

SEED = 20_260
SHUFFLES = 10

Pools = Mapping[str, Sequence[str]]


def figures(pools: Pools, grades: Grades, measures: Sequence[str]) -> dict[str, dict[str, float]]:
    """Return the mean of each metric for ``random`` (over ten shuffles) and for ``oracle``."""
    if not pools:
        return {}
    # Sorted first: the same pool gives the same figure, however it was ranked.
    sets = {q: sorted(pools[q]) for q in sorted(pools)}
    shuffled = [shuffle(sets, SEED + i) for i in range(SHUFFLES)]
    return {
        "random": _means(shuffled, grades, measures),
        "oracle": _means([oracle(pools, grades)], grades, measures),
    }


def oracle(pools: Pools, grades: Grades) -> dict[str, list[str]]:
    """Return each pool with its best items first."""
    return {
        q: sorted(items, key=lambda item: -grades.get(q, {}).get(item, 0))
        for q, items in pools.items()
    }


def shuffle(pools: Pools, seed: int = SEED) -> dict[str, list[str]]:
    """Return each pool in a random order, the same one for the same seed."""
    random = np.random.default_rng(seed)
    return {q: [items[i] for i in random.permutation(len(items))] for q, items in pools.items()}


def _means(orders: Sequence[Pools], grades: Grades, measures: Sequence[str]) -> dict[str, float]:
    found = [per_question(order, grades, measures) for order in orders]
    return {
        name: float(np.mean([list(scores[name].values()) for scores in found])) for name in found[0]
    }
