"""Intervals and tests for paired scores; seeded, so the same scores give the same figures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike, NDArray

from rag.text.plural import plural

Array = NDArray[np.float64]

SEED = 20_260
INTERVAL_RESAMPLES = 2_000
TEST_RESAMPLES = 10_000
LEVEL = 0.95
ALPHA = 0.05
AT_ONCE = 500  # resamples drawn together
TIE = 1e-9
SMALL_DIFFERENCE = 0.02
FEWEST = 6  # two-sided, n questions cannot give a p below 2 / 2**n
POWER = 0.8
ONE_GAIN = 0.37  # nDCG@10 of a question whose relevant passage moves from rank 2 to rank 1


@dataclass(frozen=True, slots=True)
class Interval:
    """A mean with its 95 % confidence interval; NaN if there is nothing to average."""

    mean: float
    low: float
    high: float

    @property
    def half(self) -> float:
        """Half the interval's width."""
        return (self.high - self.low) / 2


@dataclass(frozen=True, slots=True)
class Difference:
    """What a paired comparison of ``after`` with ``before`` found over the same questions.

    ``p`` is the randomisation test's, ``adjusted`` the same after Holm's correction for all
    comparisons made together. ``needed`` is the number of questions, beyond these, that would
    show a difference of 0.02 four times in five; ``more`` that which would show one as large as
    the mean found here (0 if it is shown, or if there is none).
    """

    questions: int
    interval: Interval
    p: float
    adjusted: float
    wins: int
    ties: int
    losses: int
    needed: int
    more: int = 0

    @property
    def shown(self) -> bool:
        """Whether the corrected test shows a difference at the 5 % level."""
        return self.questions > 0 and self.adjusted < ALPHA

    @property
    def gained(self) -> bool:
        """Whether the corrected test shows that ``after`` is better."""
        return self.shown and self.interval.mean > 0

    @property
    def verdict(self) -> str:
        """The finding in words."""
        if not self.questions:
            return "no question to compare on"
        asked = plural(self.questions, "question")
        mean, half = self.interval.mean, self.interval.half
        if self.shown:
            word = "better" if mean > 0 else "worse"
            return f"{word} by {abs(mean):.3f} ± {half:.3f}, {asked}"
        if self.questions < FEWEST:
            return f"no difference shown; {asked} can show none, however large"
        if self.needed:
            more = f"about {rounded(self.needed)} more judged questions would be needed"
            return f"no difference shown; {more} for a difference of {SMALL_DIFFERENCE}"
        return f"no difference shown; {asked} would have shown one of 0.02"


def interval(values: ArrayLike, seed: int = SEED) -> Interval:
    """Return the mean of (n,) values with its percentile bootstrap interval."""
    column = np.asarray(values, np.float64).reshape(-1, 1)
    return intervals(column, seed)[0]


def intervals(values: Array, seed: int = SEED) -> list[Interval]:
    """Return an interval for each column of (questions, metrics).

    Percentile bootstrap over questions (Efron and Tibshirani, 1993): all columns are resampled
    together, 2,000 times.
    """
    n = len(values)
    if n == 0:
        return [Interval(math.nan, math.nan, math.nan)] * values.shape[1]
    random = np.random.default_rng(seed)
    means = np.concatenate(
        [
            random.multinomial(n, np.full(n, 1 / n), size=AT_ONCE) @ values / n
            for _ in range(INTERVAL_RESAMPLES // AT_ONCE)
        ]
    )
    tail = (1 - LEVEL) / 2
    low, high = np.quantile(means, (tail, 1 - tail), axis=0)
    pairs = zip(values.mean(axis=0), low, high, strict=True)
    return [Interval(float(m), float(min(lo, m)), float(max(hi, m))) for m, lo, hi in pairs]


def randomisation_p(differences: ArrayLike, seed: int = SEED) -> float:
    """Return the two-sided p of the paired randomisation test (Fisher; Smucker et al., CIKM 2007).

    Under the null hypothesis each difference may have either sign. Up to 13 differences that are
    not zero every assignment is counted; above that, 10,000 random ones and the observed one.
    """
    given = np.asarray(differences, np.float64)
    moved = given[np.abs(given) > TIE]
    if not len(moved):
        return 1.0
    observed = abs(moved.sum()) - TIE
    if 2 ** len(moved) <= TEST_RESAMPLES:
        bits = np.arange(2 ** len(moved))[:, None] >> np.arange(len(moved)) & 1
        return float(np.mean(np.abs((2 * bits - 1) @ moved) >= observed))
    random = np.random.default_rng(seed)
    extreme = 0
    for _ in range(TEST_RESAMPLES // AT_ONCE):
        signs = random.integers(0, 2, (AT_ONCE, len(moved)), np.int8) * 2 - 1
        extreme += int((np.abs(signs @ moved) >= observed).sum())
    return (extreme + 1) / (TEST_RESAMPLES + 1)


def binomial_p(wins: int, losses: int) -> float:
    """Return the two-sided p of the exact binomial (sign) test of wins against losses.

    Under the null hypothesis either is as likely as the other; ties are for the caller to leave
    out. 1 if there is nothing to test.
    """
    n = wins + losses
    tail = sum(math.comb(n, k) for k in range(min(wins, losses) + 1))
    return min(1.0, 2 * tail / (1 << n))


def holm(p_values: Sequence[float]) -> list[float]:
    """Return Holm's adjusted p values (1979), in the order given."""
    given = np.asarray(p_values, np.float64)
    order = given.argsort(kind="stable")
    stepped = given[order] * np.arange(len(given), 0, -1)
    adjusted = np.empty_like(given)
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return [float(p) for p in adjusted]


def with_one_gain(differences: Iterable[float]) -> list[float]:
    """Return differences in nDCG@10 with one more question, which gains.

    The bootstrap draws only from what was seen: of few questions that gain nothing it makes an
    interval of no width. One question with a gain widens it as the rule of three would (Hanley and
    Lippman-Hand, JAMA 1983).
    """
    return [*differences, ONE_GAIN]


def rules_gain_out(differences: Iterable[float]) -> bool:
    """Return whether paired differences in nDCG@10 rule a mean gain of 0.02 out."""
    return interval(with_one_gain(differences)).high < SMALL_DIFFERENCE


def questions_needed(differences: ArrayLike, difference: float = SMALL_DIFFERENCE) -> int:
    """Return how many questions would show ``difference`` with a power of 0.8 at the 5 % level.

    From the spread of these differences, by the normal approximation; 0 for fewer than two.
    """
    given = np.asarray(differences, np.float64)
    if len(given) < 2:
        return 0
    quantiles = NormalDist().inv_cdf(1 - ALPHA / 2) + NormalDist().inv_cdf(POWER)
    return math.ceil((quantiles * float(given.std(ddof=1)) / difference) ** 2)


def questions_to_show(differences: ArrayLike, alpha: float = ALPHA) -> int:
    """Return how many questions would show a difference as large as the mean of these.

    The sample size of a two-sided paired test at the level ``alpha`` with a power of 0.8, by the
    normal approximation with Guenther's correction (The American Statistician, 1981), which is
    within one of the t-test's. Never fewer than a randomisation test needs to reach ``alpha``; 0
    for fewer than two differences or a mean of 0.
    """
    given = np.asarray(differences, np.float64)
    mean = abs(float(given.mean())) if len(given) > 1 else 0.0
    if mean <= TIE:
        return 0
    level = NormalDist().inv_cdf(1 - alpha / 2)
    ratio = (level + NormalDist().inv_cdf(POWER)) * float(given.std(ddof=1)) / mean
    fewest = math.floor(math.log2(2 / alpha)) + 1  # n questions give a p of 2 / 2**n at least
    return max(fewest, math.ceil(ratio**2 + level**2 / 2))


def compare(pairs: Sequence[tuple[Mapping[str, float], Mapping[str, float]]]) -> list[Difference]:
    """Compare (before, after) scores over the questions that both hold, corrected together."""
    columns = [
        np.array([after[q] - before[q] for q in before if q in after]) for before, after in pairs
    ]
    p_values = [randomisation_p(column) for column in columns]
    tested = [i for i, column in enumerate(columns) if len(column)]
    corrected = dict(zip(tested, holm([p_values[i] for i in tested]), strict=True))
    # Holm's level for the next one to be shown: those that are shown already no longer count.
    alpha = ALPHA / max(1, sum(p >= ALPHA for p in corrected.values()))
    return [
        Difference(
            questions=len(column),
            interval=interval(column),
            p=p_values[i],
            adjusted=corrected.get(i, 1.0),
            wins=int((column > TIE).sum()),
            ties=int((np.abs(column) <= TIE).sum()),
            losses=int((column < -TIE).sum()),
            needed=max(0, questions_needed(column) - len(column)),
            more=max(0, questions_to_show(column, alpha) - len(column))
            if corrected.get(i, 1.0) >= ALPHA
            else 0,
        )
        for i, column in enumerate(columns)
    ]


def rounded(count: int) -> str:
    """Two significant digits: an estimate should not look exact."""
    digits = max(0, len(str(count)) - 2)
    return f"{round(count, -digits):,}"
