"""Is reranking worth it here: which reranker, which pool, when to skip it, at what price.

Everything comes from one evaluation of `depth.variants`: a saved one gives the same advice again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from rag.evaluate.advice.depth import DepthCurve, DepthPoint, Times, curves
from rag.evaluate.advice.groups import Movements, QuestionGroup, groups, movements
from rag.evaluate.data import Evaluation
from rag.evaluate.measures.statistics import (
    SMALL_DIFFERENCE,
    questions_needed,
    rules_gain_out,
    with_one_gain,
)

SMALL_LIBRARY = 1_000  # chunks: below, the first stage has little to choose from
DAYS = 30  # of a month


class Worth(StrEnum):
    """What the judged questions show about reranking here."""

    WORTH_IT = "worth it"
    NOT_SHOWN = "not shown"
    NOT_WORTH_IT = "not worth it"


@dataclass(frozen=True, slots=True)
class Budget:
    """A target for the time of a question, in seconds, at a percentile (95 or 99).

    ``others`` are parts that the evaluation did not measure: name → seconds at that percentile.
    """

    seconds: float
    percentile: int = 95
    others: Mapping[str, float] | None = None

    def of(self, times: Times) -> float:
        """Return the percentile of some times."""
        return times.p99 if self.percentile == 99 else times.p95

    def parts(self, point: DepthPoint) -> dict[str, float]:
        """Return part → seconds; their sum is an upper bound of the whole."""
        own = {"retrieval": self.of(point.retrieval), "reranking": self.of(point.reranking)}
        return {**own, **(self.others or {})}

    def fits(self, point: DepthPoint) -> bool:
        """Whether all parts together keep the target."""
        return sum(self.parts(point).values()) <= self.seconds


@dataclass(frozen=True, slots=True)
class MonthlyCost:
    """What reranking costs in dollars: a question, a day, a month of 30 days.

    ``break_even`` is the number of questions a day from which the own machine is cheaper; None
    without a machine's price, or if a question costs nothing.
    """

    name: str
    question: float
    per_day: float
    break_even: float | None

    @property
    def day(self) -> float:
        """Dollars a day."""
        return self.question * self.per_day

    @property
    def month(self) -> float:
        """Dollars a month."""
        return self.day * DAYS


@dataclass(frozen=True, slots=True)
class Advice:
    """The advice and the figures that it rests on.

    ``chosen`` is the point that it is about: the smallest pool within the interval of the best
    reranker that keeps the budget; None if none keeps it. ``more`` is how many more judged
    questions would show the gain that was seen, 0 if it is shown or ruled out.
    """

    evaluation: Evaluation
    curves: tuple[DepthCurve, ...]
    chosen: DepthPoint | None
    worth: Worth
    more: int
    groups: tuple[QuestionGroup, ...]
    movements: Movements | None
    budget: Budget | None
    costs: tuple[MonthlyCost, ...]
    chunks: int
    found_before: float


def advise(
    evaluation: Evaluation,
    *,
    chunks: int,
    top: int,
    budget: Budget | None = None,
    costs: Sequence[MonthlyCost] = (),
) -> Advice:
    """Work the advice out. ``chunks`` is the library's size, ``top`` what an answer is given.

    Raises `ValueError` if no reranker ranked a question.
    """
    found = curves(evaluation)
    if not found:
        raise ValueError("no reranker ranked a question")
    best = _best(found, budget)
    chosen = choose(best) if best else None
    worth, more = judge(chosen, best.best) if best and chosen else (Worth.NOT_WORTH_IT, 0)
    run = evaluation.run(chosen.name) if chosen else None
    return Advice(
        evaluation=evaluation,
        curves=found,
        chosen=chosen,
        worth=worth,
        more=more,
        groups=groups(evaluation, run, chosen.gains) if run and chosen else (),
        movements=movements(evaluation, run, top) if run else None,
        budget=budget,
        costs=tuple(costs),
        chunks=chunks,
        found_before=_found(evaluation, top),
    )


def _best(found: Sequence[DepthCurve], budget: Budget | None) -> DepthCurve | None:
    """Return the best reranker's points that keep the budget; None if no point does."""
    fitting = [
        DepthCurve(curve.reranker, kept)
        for curve in found
        if (kept := tuple(p for p in curve.points if budget is None or budget.fits(p)))
    ]
    return max(fitting, key=lambda curve: curve.best.quality.mean, default=None)


def choose(best: DepthCurve) -> DepthPoint:
    """Return the smallest good pool of a reranker.

    One whose own gain is shown goes before a smaller one that is only within the interval.
    """
    good = [point for point in best.points if point.good] or [best.best]
    shown = (point for point in good if point.gain.shown and point.gain.interval.mean > 0)
    return next(shown, good[0])


def judge(point: DepthPoint, best: DepthPoint) -> tuple[Worth, int]:
    """Return what is shown of the chosen point, and how many more judged questions would show it.

    Not worth it means that neither the chosen pool nor the reranker's best one may gain 0.02.
    """
    if point.gain.gained:
        return Worth.WORTH_IT, 0
    left = [one for one in (point, best) if not _ruled_out(one)]
    if not left:
        return Worth.NOT_WORTH_IT, 0
    gain = left[0].gain
    seen = max(gain.interval.mean, SMALL_DIFFERENCE)
    needed = questions_needed(with_one_gain(left[0].gains.values()), seen)
    return Worth.NOT_SHOWN, max(1, needed - gain.questions)


def _ruled_out(point: DepthPoint) -> bool:
    """Return whether a loss is shown, or the interval rules a gain of 0.02 out."""
    return point.gain.shown or rules_gain_out(point.gains.values())


def cost(name: str, question: float, per_day: float, machine: float | None) -> MonthlyCost:
    """Return what a price a question means; ``machine`` is an own machine's dollars a month."""
    even = machine / DAYS / question if machine and question else None
    return MonthlyCost(name, question, per_day, even)


def _found(evaluation: Evaluation, top: int) -> float:
    """Return the share of questions with a relevant item among the first ``top``, not reranked."""
    run = evaluation.runs[0]
    hits = [
        any(evaluation.grades.get(question, {}).get(item, 0) > 0 for item in ranking.items[:top])
        for question, ranking in run.rankings(run.last)
    ]
    return sum(hits) / len(hits) if hits else 0.0
