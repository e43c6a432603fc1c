"""Corrected means: against the reference implementation, and how often the interval is right."""

import math

import numpy as np
import pytest
from scipy import stats

from rag.evaluate.measures.prediction_powered import (
    corrected,
    point,
    standard_error,
    student_t,
    tuned,
)

# What ppi-python 0.2.3 returns (ppi_mean_pointestimate and ppi_mean_ci at alpha 0.05) for
# `drawn(*case)`, all cases drawn one after the other from one generator with the seed 7.
REFERENCE = {
    (15, 40, 0.15): (0.48660291040406767, 0.41245330260233226, 0.5607525182058031),
    (30, 200, 0.4): (0.4871221172981825, 0.4154075562744072, 0.5588366783219578),
}


def drawn(random, n, others, noise):
    truth = random.beta(2, 2, n + others).round(3)
    model = np.clip(truth + noise * random.normal(size=n + others), 0, 1).round(3)
    return truth[:n], model[:n], model[n:]


def test_it_is_what_the_reference_implementation_returns():
    random = np.random.default_rng(7)
    for case, (mean, low, high) in REFERENCE.items():
        data = drawn(random, *case)
        weight = tuned(*data)
        assert point(*data, weight) == pytest.approx(mean, abs=1e-9)
        half = stats.norm.ppf(0.975) * standard_error(*data, weight)
        assert (mean - half, mean + half) == pytest.approx((low, high), abs=1e-9)
        found = corrected(*data)
        assert found.interval.mean == pytest.approx(mean, abs=1e-9)
        assert found.interval.low < low, "few audited questions make it wider"


def population(kind, random, size):
    """Return (a person's values, a model's) as nDCG@10 and its differences look."""
    if kind == "good model":
        truth = np.where(random.random(size) < 0.25, 0, random.beta(4, 1.5, size))
        return truth, np.where(random.random(size) < 0.2, random.random(size), truth)
    if kind == "model that guesses":
        return random.beta(4, 1.5, size), random.random(size)
    if kind == "biased model":
        truth = random.beta(2, 3, size)
        return truth, np.clip(truth + 0.2 + 0.1 * random.normal(size=size), 0, 1)
    truth = np.where(random.random(size) < 0.6, 0, random.normal(0.05, 0.3, size))
    other = np.where(random.random(size) < 0.5, 0, random.normal(0.1, 0.3, size))
    return truth, np.where(random.random(size) < 0.25, other, truth)


@pytest.mark.parametrize("audited", [10, 20, 40])
@pytest.mark.parametrize(
    ("kind", "gains"),
    [("good model", True), ("model that guesses", False), ("biased model", True),
     ("differences", True)],
)  # fmt: skip
def test_the_interval_holds_the_mean_as_often_as_it_says(kind, gains, audited):
    random = np.random.default_rng(1)
    truth, model = population(kind, random, 100_000)
    inside, wider, runs = 0, 0, 600
    for _ in range(runs):
        at = random.integers(0, len(truth), audited + 200)
        found = corrected(truth[at[:audited]], model[at[:audited]], model[at[audited:]])
        inside += found.interval.low <= truth.mean() <= found.interval.high
        alone = student_t(audited - 1) * truth[at[:audited]].std(ddof=1) / math.sqrt(audited)
        wider += found.interval.half > alone
    assert 0.92 <= inside / runs <= 0.98  # 0.95 within three standard errors
    assert (wider / runs < 0.3) == gains, "a useful model makes it shorter than people alone do"


def test_a_model_that_is_right_gives_its_own_mean_and_one_that_knows_nothing_none():
    y = np.array([0.0, 1.0] * 10)
    right = corrected(y, y, np.full(50, 0.75))
    assert right.weight == pytest.approx(tuned(y, y, np.full(50, 0.75)))
    assert right.alike == 20
    constant = corrected(y, np.full(20, 0.5), np.full(50, 0.5))
    assert (constant.weight, constant.interval.mean) == (0.0, 0.5)


def test_few_or_no_audited_questions_give_no_interval():
    few = corrected([0.5] * 9, [0.4] * 9, [0.4] * 20)
    assert few.interval.mean == pytest.approx(0.5)
    assert math.isnan(few.interval.low)
    none = corrected([], [], [0.4] * 20)
    assert math.isnan(none.interval.mean)
    alone = corrected([0.2, 0.4] * 5, [0.1, 0.3] * 5, [])
    assert (alone.weight, alone.others) == (0.0, 0)
    assert alone.interval.mean == pytest.approx(0.3)


@pytest.mark.parametrize("freedom", [4, 8, 13, 50, 400])
def test_students_quantile(freedom):
    assert student_t(freedom) == pytest.approx(stats.t.ppf(0.975, freedom), abs=0.002)
