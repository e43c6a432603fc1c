"""What a factor's value changes, others alike: paired over configurations and questions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag.evaluate.measures.statistics import Difference, Interval, compare, interval
from rag.evaluate.sweeps.plan import Factors, SweptConfiguration
from rag.types import Scalar

Scores = Mapping[str, Mapping[str, float]]
"""Configuration → question → value."""
Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class FactorEffect:
    """A factor's ``value`` against its present one, ``base``.

    ``pairs`` of configurations differ in it alone. ``quality`` is the mean over the pairs, compared
    question by question and corrected for all effects; ``seconds`` is the change in a question's
    time.
    """

    factor: str
    value: Scalar
    base: Scalar
    pairs: int
    quality: Difference
    seconds: Interval


def effects(
    configurations: Sequence[SweptConfiguration], factors: Factors, quality: Scores,
    seconds: Scores, questions: Sequence[str],
) -> list[FactorEffect]:  # fmt: skip
    """Return the effect of every value but the present ones.

    Only pairs count of which both configurations have a score for each of ``questions``: of those
    that did well in a halving, more questions were asked, and they would be favoured.
    """
    whole = {c.key for c in configurations if quality.get(c.key, {}).keys() >= set(questions)}
    asked = [c for c in configurations if c.key in whole]
    found = [
        (factor, value, values[0], pairs)
        for factor, values in factors.items()
        for value in values[1:]
        if (pairs := _pairs(asked, factor, value, values[0]))
    ]
    compared = compare([_means(pairs, quality, questions) for *_, pairs in found])
    return [
        FactorEffect(
            factor, value, base, len(pairs), difference, _slower(pairs, seconds, questions)
        )
        for (factor, value, base, pairs), difference in zip(found, compared, strict=True)
    ]


def _pairs(
    asked: Sequence[SweptConfiguration], factor: str, value: Scalar, base: Scalar
) -> list[Pair]:
    """Return the keys of configurations with ``base`` and ``value`` that agree in all else."""
    by_values = {_key(one.values): one.key for one in asked}
    twins = (
        (by_values.get(_key({**one.values, factor: base})), one.key)
        for one in asked
        if one.values[factor] == value
    )
    return [(before, after) for before, after in twins if before]


def _means(
    pairs: Sequence[Pair], scores: Scores, questions: Sequence[str]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return question → mean over the pairs, before and after."""
    befores, afters = zip(*pairs, strict=True)
    return _mean(befores, scores, questions), _mean(afters, scores, questions)


def _mean(keys: Sequence[str], scores: Scores, questions: Sequence[str]) -> dict[str, float]:
    return {q: float(np.mean([scores[key][q] for key in keys])) for q in questions}


def _slower(pairs: Sequence[Pair], seconds: Scores, questions: Sequence[str]) -> Interval:
    before, after = _means(pairs, seconds, questions)
    return interval([after[q] - before[q] for q in questions])


def _key(values: Mapping[str, Scalar]) -> tuple[tuple[str, Scalar], ...]:
    return tuple(sorted(values.items(), key=lambda item: item[0]))
