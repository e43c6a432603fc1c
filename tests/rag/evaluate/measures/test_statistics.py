"""Intervals and tests against scipy's, and against examples worked out by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from rag.evaluate.measures.statistics import (
    Difference,
    Interval,
    compare,
    holm,
    interval,
    intervals,
    questions_needed,
    questions_to_show,
    randomisation_p,
)

RANDOM = np.random.default_rng(7)
SCORES = RANDOM.beta(2, 1, 150)


def test_the_interval_is_scipys():
    ours = interval(SCORES)
    theirs = stats.bootstrap(
        (SCORES,), np.mean, method="percentile", n_resamples=20_000, rng=np.random.default_rng(1)
    ).confidence_interval
    assert ours.mean == pytest.approx(SCORES.mean())
    assert ours.low == pytest.approx(theirs.low, abs=0.004)
    assert ours.high == pytest.approx(theirs.high, abs=0.004)


def test_columns_are_resampled_together_and_always_alike():
    both = intervals(np.column_stack([SCORES, 1 - SCORES]))
    assert both[0].low == pytest.approx(interval(SCORES).low)
    assert both[1].low == pytest.approx(1 - both[0].high)


@pytest.mark.parametrize("n", [6, 12])
def test_few_questions_are_tested_exactly_as_scipy_does(n: int):
    differences = RANDOM.normal(0.3, 0.5, n)
    theirs = stats.permutation_test(
        (differences, np.zeros(n)), lambda a, b: np.mean(a - b), permutation_type="samples"
    )
    assert randomisation_p(differences) == pytest.approx(theirs.pvalue)


def test_many_questions_are_tested_as_scipy_does():
    differences = RANDOM.normal(0.05, 0.4, 200)
    theirs = stats.permutation_test(
        (differences, np.zeros(200)),
        lambda a, b, axis: np.mean(a - b, axis=axis),
        permutation_type="samples",
        vectorized=True,
        n_resamples=5_000,
        rng=np.random.default_rng(3),
    )
    assert randomisation_p(differences) == pytest.approx(theirs.pvalue, abs=0.02)


def test_the_test_by_hand():
    """Three differences of one sign: 2 of the 8 assignments are as extreme."""
    assert randomisation_p([0.1, 0.2, 0.3]) == 0.25
    assert randomisation_p([0.0, 0.0]) == 1.0
    assert randomisation_p([]) == 1.0


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == [1.0, 1.0]
    assert holm([]) == []


def test_the_questions_needed_have_the_power_they_promise():
    """Drawn with that spread and a true difference of 0.1, four tests in five find it."""
    column = RANDOM.normal(0, 0.3, 400)
    needed = questions_needed(column, 0.1)
    assert needed == math.ceil(((1.959964 + 0.841621) * column.std(ddof=1) / 0.1) ** 2)
    samples = RANDOM.normal(0.1, column.std(ddof=1), (2_000, needed))
    found = stats.ttest_1samp(samples, 0, axis=1).pvalue < 0.05
    assert found.mean() == pytest.approx(0.8, abs=0.04)


def test_a_comparison_counts_only_questions_that_both_have():
    before = {"a": 0.5, "b": 0.5, "c": 0.5, "gone": 1.0}
    after = {"a": 1.0, "b": 0.5, "c": 0.2, "new": 0.0}
    (found,) = compare([(before, after)])
    assert (found.questions, found.wins, found.ties, found.losses) == (3, 1, 1, 1)
    assert found.interval.mean == pytest.approx(0.2 / 3)
    assert compare([({}, {})])[0].verdict == "no question to compare on"


def test_comparisons_are_corrected_together():
    before = dict.fromkeys("abcdef", 0.0)
    after = dict.fromkeys("abcdef", 0.5)
    alone, together = compare([(before, after)]), compare([(before, after), (before, after)])
    assert alone[0].p == together[0].p == 2 / 64
    assert together[0].adjusted == 4 / 64
    assert alone[0].shown
    assert not together[0].shown


def difference(**changes: object) -> Difference:
    given = {
        "questions": 112, "interval": Interval(0.041, 0.023, 0.059), "p": 0.001,
        "adjusted": 0.003, "wins": 60, "ties": 12, "losses": 40, "needed": 0,
    }  # fmt: skip
    return Difference(**{**given, **changes})


def test_verdicts():
    assert difference().verdict == "better by 0.041 ± 0.018, 112 questions"
    worse = difference(interval=Interval(-0.041, -0.059, -0.023))
    assert worse.verdict == "worse by 0.041 ± 0.018, 112 questions"
    assert difference(adjusted=0.2, needed=237).verdict == (
        "no difference shown; about 240 more judged questions would be needed for a difference "
        "of 0.02"
    )
    assert difference(adjusted=0.2).verdict.endswith("112 questions would have shown one of 0.02")


def test_few_questions_are_not_said_to_show_anything():
    found = compare([({"a": 0.1, "b": 0.2}, {"a": 0.3, "b": 0.4})])[0]
    assert found.p == 0.5
    assert found.verdict == "no difference shown; 2 questions can show none, however large"


@pytest.mark.parametrize("alpha", [0.05, 0.01])
@pytest.mark.parametrize("effect", [0.15, 0.4, 0.9])
def test_the_questions_to_show_a_gain_are_those_of_the_paired_t_test(effect: float, alpha: float):
    """Against the t-test's power by the noncentral t distribution, as textbooks compute it."""
    differences = stats.zscore(RANDOM.normal(size=400), ddof=1) * 0.2 + 0.2 * effect

    def power(n: int) -> float:
        bound = stats.t.ppf(1 - alpha / 2, n - 1)
        return float(stats.nct.sf(bound, n - 1, effect * math.sqrt(n)))

    n = questions_to_show(differences, alpha)
    assert power(n + 1) >= 0.8 > power(n - 2)


def test_as_many_questions_do_show_the_gain_four_times_in_five():
    found = RANDOM.normal(0.03, 0.2, 30)
    differences = found - found.mean() + 0.05
    n = questions_to_show(differences)
    assert n > 60
    draws = [randomisation_p(RANDOM.choice(differences, n)) < 0.05 for _ in range(100)]
    assert 0.68 <= np.mean(draws) <= 0.92


def test_nothing_is_to_be_shown_of_no_difference_and_few_questions_are_never_enough():
    assert questions_to_show([0.1]) == questions_to_show([0.2, -0.2]) == 0
    assert questions_to_show([0.5] * 4) == 6  # five questions give a p of 0.0625 at least
    assert questions_to_show([0.5] * 4, alpha=0.01) == 8


def test_a_comparison_that_is_shown_needs_no_more_questions_and_others_do():
    clear = {str(n): 0.0 for n in range(30)}, {str(n): 0.5 for n in range(30)}
    spread = stats.zscore(RANDOM.normal(size=30), ddof=1) * 0.3 + 0.05
    faint = clear[0], {str(n): float(value) for n, value in enumerate(spread)}
    first, second = compare([clear, faint])
    assert (first.shown, first.more) == (True, 0)
    # The clear one no longer counts in Holm's correction.
    assert second.more == questions_to_show(spread) - 30 > 100
