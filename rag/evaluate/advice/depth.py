"""Depth curves: quality, time and cost of a reranker at several pool sizes, from one evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag.evaluate.data import Evaluation, Run
from rag.evaluate.experiments.pipelines import Variants
from rag.evaluate.measures.metrics import PRIMARY, per_question
from rag.evaluate.measures.statistics import (
    SMALL_DIFFERENCE,
    Difference,
    Interval,
    compare,
    interval,
)
from rag.types import StageName

POOLS = (5, 10, 20, 50, 100, 200)
WITHOUT = "without reranking"


@dataclass(frozen=True, slots=True)
class Times:
    """Percentiles over questions, in seconds."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class DepthPoint:
    """One reranker at one pool size, over the questions that it ranked itself.

    ``gain`` is nDCG@10 against the baseline's, corrected for all points of all rerankers; ``loss``
    is the curve's best point minus this one. ``cost`` is a question's mean dollars, None if it is
    not known.
    """

    name: str
    reranker: str
    pool: int
    quality: Interval
    gain: Difference
    gains: Mapping[str, float]
    loss: Interval
    retrieval: Times
    reranking: Times
    total: Times
    cost: float | None
    fell_back: int

    @property
    def good(self) -> bool:
        """Whether it is within the interval of the curve's best, and not 0.02 below it."""
        return self.loss.low <= 0 and self.loss.mean <= SMALL_DIFFERENCE


@dataclass(frozen=True, slots=True)
class DepthCurve:
    """One reranker's points, from the smallest pool to the largest."""

    reranker: str
    points: tuple[DepthPoint, ...]

    @property
    def best(self) -> DepthPoint:
        """The point of the highest mean; of equal ones that with the smallest pool."""
        return max(self.points, key=lambda point: (point.quality.mean, -point.pool))

    @property
    def smallest(self) -> DepthPoint:
        """The smallest pool that is within the interval of the best one."""
        return next(point for point in self.points if point.good)


def variants(rerankers: Sequence[str], pools: Sequence[int], pool: int) -> Variants:
    """Return the pipelines to measure: without reranking at ``pool``, then every curve's points.

    Scores come from no cache, so that the times are those of new questions.
    """
    made: dict[str, dict[str, object]] = {WITHOUT: {"reranker": "none", "pool": pool}}
    for reranker in rerankers:
        for depth in sorted(set(pools)):
            options = {"reranker": reranker, "pool": depth, "rerank_cache_mb": 0}
            made[f"{reranker}, pool {depth}"] = options
    return made


def curves(evaluation: Evaluation) -> tuple[DepthCurve, ...]:
    """Return a curve for each reranker of an evaluation of `variants`.

    A pipeline that ranked no question is left out.
    """
    before = _scores(evaluation, evaluation.runs[0])
    runs = [run for run in evaluation.runs[1:] if any(run.rankings(StageName.RERANKED))]
    scores = {run.name: _scores(evaluation, run) for run in runs}
    gains = compare([(before, scores[run.name]) for run in runs])
    names = dict.fromkeys(str(run.settings["reranker"]) for run in runs)
    pairs = list(zip(runs, gains, strict=True))
    return tuple(
        DepthCurve(name, tuple(_points([p for p in pairs if _of(p[0], name)], scores, before)))
        for name in names
    )


def times(seconds: Sequence[float]) -> Times:
    """Return the percentiles of some times."""
    p50, p95, p99 = np.percentile(np.asarray(seconds, np.float64), (50, 95, 99))
    return Times(float(p50), float(p95), float(p99))


def _of(run: Run, reranker: str) -> bool:
    return str(run.settings["reranker"]) == reranker


def _scores(evaluation: Evaluation, run: Run) -> dict[str, float]:
    """Return question → nDCG@10 of the last stage; questions that fell back are left out."""
    items = {question: ranking.items for question, ranking in run.rankings(run.last)}
    return per_question(items, evaluation.grades, [PRIMARY])[PRIMARY]


def _points(
    pairs: Sequence[tuple[Run, Difference]],
    scores: Mapping[str, Mapping[str, float]],
    before: Mapping[str, float],
) -> Iterator[DepthPoint]:
    best = max(pairs, key=lambda pair: float(np.mean(list(scores[pair[0].name].values()))))[0]
    highest = scores[best.name]
    for run, gain in sorted(pairs, key=lambda pair: int(pair[0].settings["pool"])):
        own = scores[run.name]
        reranking = {q: r.seconds for q, r in run.rankings(StageName.RERANKED)}
        total = {r.question: r.seconds for r in run.results if r.question in reranking}
        spent = run.spent
        yield DepthPoint(
            name=run.name,
            reranker=str(run.settings["reranker"]),
            pool=int(run.settings["pool"]),
            quality=interval(list(own.values())),
            gain=gain,
            gains={q: own[q] - before[q] for q in own if q in before},
            loss=interval([highest[q] - own[q] for q in own if q in highest]),
            retrieval=times([total[q] - reranking[q] for q in total]),
            reranking=times(list(reranking.values())),
            total=times(list(total.values())),
            cost=None if spent is None else spent / len(run.results),
            fell_back=run.fell_back(StageName.RERANKED),
        )
