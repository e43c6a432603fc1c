"""Which judgement is most useful next, if pipelines are compared by nDCG@10.

A passage matters as far as the rankings put it at different places: its weight is the difference of
its discounts, divided by the ideal gain that the question would have with it (Carterette, Allan and
Sitaraman, "Minimal test collections for retrieval evaluation", SIGIR 2006). The chance that it is
relevant is learned from the judged passages at such places. Both rankings count alike, so the order
favours no pipeline. A question counts in the test once one relevant passage of it is known, so
questions without one come first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rag.evaluate.data import Grades
from rag.evaluate.measures.metrics import Rankings

DEPTH = 10  # the depth of nDCG@10: what stands below changes nothing
DISCOUNTS = 1 / np.log2(np.arange(DEPTH) + 2)
IDEAL = np.cumsum(DISCOUNTS)
# Passages whose better place is 1, 2, 3, 4 to 5 or 6 to 10 share a chance. Before anything is
# judged it is this, as if `PRIOR_WEIGHT` passages had been judged; if the question has a relevant
# passage already, `AFTER_FIRST` of it.
PLACES = np.array([1, 2, 3, 5, DEPTH])
PRIOR = np.array([0.45, 0.3, 0.2, 0.15, 0.08])
AFTER_FIRST = 0.6
PRIOR_WEIGHT = 10.0


@dataclass(frozen=True, slots=True)
class UsefulJudgement:
    """A passage to be judged.

    ``weight`` is by how much its question's differences in nDCG@10 move at most if it is relevant,
    ``chance`` how likely that is; ``first`` is whether nothing relevant is known of the question.
    """

    question: str
    item: str
    weight: float
    chance: float
    first: bool


class JudgingOrder:
    """The passages of a comparison that are not judged, the most useful one first.

    ``rankings[0]`` is what the others are compared with; each maps a question's id to items. Every
    question that the first one holds takes part. Grades that are there already count.
    """

    def __init__(self, rankings: Sequence[Rankings], grades: Grades) -> None:
        self._questions = list(rankings[0])
        found = sorted(_candidates(rankings), key=_by_chance)
        self._keys = [(question, item) for question, item, _, _ in found]
        self._at = {key: at for at, key in enumerate(self._keys)}
        numbers = {question: n for n, question in enumerate(self._questions)}
        self._question = np.array([numbers[question] for question, _ in self._keys], np.int64)
        self._weight = np.array([weight for _, _, weight, _ in found], np.float64)
        self._place = np.searchsorted(PLACES, [place for _, _, _, place in found])
        self._open = self._weight > 0
        self._relevant = np.zeros(len(self._questions), np.int64)
        self._judged = np.zeros((2, len(PLACES)))
        self._hits = np.zeros((2, len(PLACES)))
        for question, number in numbers.items():
            given = grades.get(question, {})
            for item, grade in given.items():
                self._count(number, self._at.get((question, item)), grade > 0)

    def add(self, question: str, item: str, grade: int) -> None:
        """Take a grade into account; one of a passage that no ranking holds is left out."""
        at = self._at.get((question, item))
        if at is not None:
            self._count(int(self._question[at]), at, grade > 0)

    def best(
        self, most: int = 1, skipped: Collection[tuple[str, str]] = ()
    ) -> list[UsefulJudgement]:
        """Return the most useful judgements, leaving out (question, item) pairs; fewer if done."""
        chance, weight = self._chances(), self._weights()
        first = self._relevant[self._question] == 0
        value = np.where(self._open, chance * weight + len(self._questions) * first, -1.0)
        for key in skipped:
            if key in self._at:
                value[self._at[key]] = -1.0
        order = (
            [int(value.argmax())] if most == 1 and len(value) else np.argsort(-value, stable=True)
        )
        return [
            UsefulJudgement(*self._keys[at], float(weight[at]), float(chance[at]), bool(first[at]))
            for at in order[:most]
            if value[at] >= 0
        ]

    @property
    def left(self) -> int:
        """How many passages are left whose grade could move a difference."""
        return int(self._open.sum())

    def _count(self, question: int, at: int | None, relevant: bool) -> None:
        if at is not None:
            kind = int(self._relevant[question] > 0), self._place[at]
            self._judged[kind] += 1
            self._hits[kind] += relevant
            self._open[at] = False
        self._relevant[question] += relevant

    def _chances(self) -> NDArray[np.float64]:
        prior = np.stack([PRIOR, AFTER_FIRST * PRIOR])
        rates = (PRIOR_WEIGHT * prior + self._hits) / (PRIOR_WEIGHT + self._judged)
        return rates[np.minimum(self._relevant[self._question], 1), self._place]

    def _weights(self) -> NDArray[np.float64]:
        return self._weight / IDEAL[np.minimum(self._relevant[self._question], DEPTH - 1)]


def _candidates(rankings: Sequence[Rankings]) -> list[tuple[str, str, float, int]]:
    """Return (question, item, summed difference of discounts, better place) of every passage."""
    found = []
    for question in rankings[0]:
        sides = [
            {item: place for place, item in enumerate(ranking.get(question, ())[:DEPTH])}
            for ranking in rankings
        ]
        for item in dict.fromkeys(item for side in sides for item in side):
            first, *others = (DISCOUNTS[side[item]] if item in side else 0.0 for side in sides)
            weight = sum(abs(first - other) for other in others)
            place = min(side[item] for side in sides if item in side) + 1
            found.append((question, item, float(weight), place))
    return found


def _by_chance(candidate: tuple[str, str, float, int]) -> bytes:
    """Order by question and passage alone, so that ties favour no pipeline."""
    return hashlib.sha256("\0".join(candidate[:2]).encode()).digest()
