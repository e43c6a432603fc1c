"""Metrics by name (``ndcg@10``), computed by ir_measures.

An item counts as relevant from grade 1. nDCG's gain is the grade itself (not 2^grade - 1) and its
discount log2(rank + 1), as in trec_eval and in BEIR's published figures; the ideal ranking is that
of all judged items, found or not.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np

from rag.errors import SettingsError
from rag.evaluate.data import Grades

# Our name → (ir_measures' name, whether it takes a depth, how the field writes it, what it shows)
MEASURES = {
    "ndcg": ("nDCG", True, "nDCG", "quality of the order, graded; 1 is the ideal order"),
    "recall": ("R", True, "Recall", "share of the relevant items found in the first k"),
    "precision": ("P", True, "Precision", "share of the first k that is relevant"),
    "hit": ("Success", True, "Success", "questions with a relevant item in the first k"),
    "judged": ("Judged", True, "Judged", "share of the first k that has been judged at all"),
    "mrr": ("RR", False, "MRR", "1 / rank of the first relevant item"),
    "map": ("AP", False, "MAP", "mean precision at the ranks of the relevant items"),
}
DEFAULT = (
    "ndcg@10", "recall@10", "recall@50", "precision@10", "mrr", "map", "hit@10", "judged@10"
)  # fmt: skip
PRIMARY = "ndcg@10"
SEED = 20_260
SHUFFLES = 10
Rankings = Mapping[str, Sequence[str]]
"""Question id → items, best first, each item once."""


def checked(name: str) -> str:
    """Return the metric's canonical name; raises `SettingsError` that lists what there is."""
    match = re.fullmatch(r"([a-z]+)(?:@([1-9]\d{0,3}))?", name.strip().lower())
    known = MEASURES.get(match[1]) if match else None
    if match is None or known is None or known[1] != bool(match[2]):
        names = ", ".join(f"{n}@K" if deep else n for n, (_, deep, *_) in MEASURES.items())
        raise SettingsError(f"there is no metric {name!r}; there are {names}")
    return match[0]


def metric_label(name: str) -> str:
    """Return a metric as people read it: ``nDCG@10`` for ``ndcg@10``."""
    stem, at, depth = name.partition("@")
    return f"{MEASURES[stem][2]}{at}{depth}" if stem in MEASURES else name


def per_question(
    rankings: Rankings, grades: Grades, measures: Iterable[str]
) -> dict[str, dict[str, float]]:
    """Return metric → question → value for every question of ``rankings``.

    A question without relevant items, or whose ranking is empty, gets 0.
    """
    import ir_measures

    names = list(dict.fromkeys(checked(name) for name in measures))
    values = {name: dict.fromkeys(rankings, 0.0) for name in names}
    qrels = {q: {i: max(g, 0) for i, g in grades[q].items()} for q in rankings if grades.get(q)}
    # trec_eval sorts by score and breaks ties by id; descending scores keep our order.
    run = {
        q: {item: float(len(items) - i) for i, item in enumerate(items)}
        for q, items in rankings.items()
        if items and q in qrels
    }
    if run and names:
        wanted = {_measure(name): name for name in names}
        for metric in ir_measures.iter_calc(list(wanted), qrels, run):
            if metric.query_id in run:
                values[wanted[metric.measure]][metric.query_id] = float(metric.value)
    return values


def baselines(
    pools: Rankings, grades: Grades, measures: Sequence[str]
) -> dict[str, dict[str, float]]:
    """Return each metric's mean for pools in ``random`` order (ten shuffles) and in the best one.

    The best order, ``oracle``, is by grade. Nothing without any pool.
    """
    if not pools:
        return {}
    # Sorted first: the same pool gives the same figure, however it was ranked.
    sets = {q: sorted(pools[q]) for q in sorted(pools)}
    best = {q: sorted(sets[q], key=lambda i: -grades.get(q, {}).get(i, 0)) for q in sets}
    orders = {"random": [shuffled(sets, SEED + i) for i in range(SHUFFLES)], "oracle": [best]}
    found: dict[str, dict[str, float]] = {}
    for name, some in orders.items():
        scores = [per_question(order, grades, measures) for order in some]
        found[name] = {
            metric: float(np.mean([list(one[metric].values()) for one in scores]))
            for metric in scores[0]
        }
    return found


def shuffled(pools: Rankings, seed: int) -> dict[str, list[str]]:
    """Return each pool in a random order, the same one for the same seed."""
    random = np.random.default_rng(seed)
    return {q: [items[i] for i in random.permutation(len(items))] for q, items in pools.items()}


@cache
def _measure(name: str) -> Any:
    import ir_measures

    stem, _, depth = name.partition("@")
    return ir_measures.parse_measure(MEASURES[stem][0] + (f"@{depth}" if depth else ""))
