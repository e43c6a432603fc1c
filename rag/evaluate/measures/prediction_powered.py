"""A mean over many questions that a model graded, corrected by the few that a person graded too.

Prediction-powered inference with power tuning (PPI++: Angelopoulos, Duchi and Zrnic,
arXiv:2311.01453, 2023): the model's mean over the questions that only it graded, plus what it is
off on those that both graded. The weight of the model's part makes the variance smallest, so a
model that agrees with nobody changes nothing. The graded questions must be a random sample of all.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

from rag.evaluate.measures.statistics import LEVEL, TIE, Array, Interval

FEWEST = 10  # audited questions; below, no interval is honest
TUNED = 2  # degrees of freedom that the mean and the tuned weight take


@dataclass(frozen=True, slots=True)
class CorrectedMean:
    """The corrected mean with its 95 % interval, and the ``weight`` of the model's part, 0 to 1.

    The interval's ends are NaN if fewer than ten questions were audited. ``alike`` is on how many
    audited questions the model's value is the person's; if it is on nearly all, the interval rests
    on few and may be too short.
    """

    interval: Interval
    weight: float
    audited: int
    others: int
    alike: int


def corrected(audited: ArrayLike, predicted: ArrayLike, others: ArrayLike) -> CorrectedMean:
    """Return the corrected mean of a person's values.

    ``audited`` (n,) are the person's values and ``predicted`` (n,) the model's of the same
    questions; ``others`` (N,) are the model's values of the questions that only it graded.
    """
    y, f, rest = (np.asarray(one, np.float64) for one in (audited, predicted, others))
    weight = tuned(y, f, rest)
    mean = point(y, f, rest, weight)
    half = math.nan
    if len(y) >= FEWEST:
        half = student_t(len(y) - TUNED) * standard_error(y, f, rest, weight, TUNED)
    alike = int((np.abs(y - f) <= TIE).sum())
    return CorrectedMean(Interval(mean, mean - half, mean + half), weight, len(y), len(rest), alike)


def tuned(y: Array, f: Array, rest: Array) -> float:
    """Return the weight of the model's part that makes the variance smallest, from 0 to 1."""
    if len(y) < 2 or not len(rest):
        return 0.0
    spread = float(np.var(np.concatenate([f, rest]), ddof=1))
    if spread <= TIE:
        return 0.0
    shared = float(np.mean((y - y.mean()) * (f - f.mean())))
    return min(1.0, max(0.0, shared / ((1 + len(y) / len(rest)) * spread)))


def point(y: Array, f: Array, rest: Array, weight: float) -> float:
    """Return the corrected mean for a weight; NaN if nothing was audited."""
    if not len(y):
        return math.nan
    model = weight * float(rest.mean()) if weight else 0.0
    return model + float((y - weight * f).mean())


def standard_error(y: Array, f: Array, rest: Array, weight: float, ddof: int = 0) -> float:
    """Return the standard error of the corrected mean; ``ddof`` is that of the audited part."""
    model = weight**2 * float(rest.var()) / len(rest) if weight else 0.0
    return math.sqrt(model + float(np.var(y - weight * f, ddof=ddof)) / len(y))


def student_t(freedom: int) -> float:
    """Return the two-sided 95 % quantile of Student's t.

    The expansion of Abramowitz and Stegun (26.7.5), right to 0.002 from four degrees of freedom.
    """
    z = NormalDist().inv_cdf((1 + LEVEL) / 2)
    terms = (
        (z**3 + z) / 4,
        (5 * z**5 + 16 * z**3 + 3 * z) / 96,
        (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384,
        (79 * z**9 + 776 * z**7 + 1482 * z**5 - 1920 * z**3 - 945 * z) / 92_160,
    )
    return z + float(sum(term / freedom**power for power, term in enumerate(terms, 1)))
