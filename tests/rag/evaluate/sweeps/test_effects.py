"""Effects of factors, worked out by hand."""

import pytest

from rag.evaluate.sweeps.effects import effects
from rag.evaluate.sweeps.plan import SweepPlan

QUESTIONS = tuple(f"q{n}" for n in range(10))
PLAN = SweepPlan(
    "s", {"pool": (50, 20), "reranker": ("auto", "none")}, QUESTIONS, (), "grid", "found@10k"
)


def scores(pool_20: float, none: float) -> dict[str, dict[str, float]]:
    """Every question has 0.5, changed by what a configuration has."""
    found = {}
    for one in PLAN.configurations:
        change = pool_20 * (one.values["pool"] == 20) + none * (one.values["reranker"] == "none")
        found[one.key] = dict.fromkeys(QUESTIONS, 0.5 + change)
    return found


def test_an_effect_is_the_mean_over_pairs_that_differ_in_it_alone():
    quality, seconds = scores(0.1, -0.2), scores(0.0, -0.3)
    found = effects(PLAN.configurations, PLAN.factors, quality, seconds, QUESTIONS)
    pool, reranker = found
    assert (pool.factor, pool.base, pool.value, pool.pairs) == ("pool", 50, 20, 2)
    assert pool.quality.interval.mean == pytest.approx(0.1)
    assert pool.seconds.mean == pytest.approx(0.0)
    assert reranker.quality.interval.mean == pytest.approx(-0.2)
    assert reranker.seconds.mean == pytest.approx(-0.3)
    assert reranker.quality.shown


def test_configurations_that_were_asked_less_are_in_no_pair():
    quality = scores(0.1, -0.2)
    dropped = next(c for c in PLAN.configurations if c.values == {"pool": 20, "reranker": "none"})
    del quality[dropped.key]["q9"]
    found = effects(PLAN.configurations, PLAN.factors, quality, scores(0, 0), QUESTIONS)
    assert [one.pairs for one in found] == [1, 1]
