"""The figures of an evaluation: per stage, per comparison, and in the outside JSON form."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

from rag.evaluate.data import Evaluation, Run
from rag.evaluate.judgements import audit
from rag.evaluate.judgements.audit import GradesAudit
from rag.evaluate.measures import answers
from rag.evaluate.measures.metrics import DEFAULT, PRIMARY, baselines, checked, per_question
from rag.evaluate.measures.statistics import Difference, Interval, compare, intervals
from rag.types import StageName

Scores = Mapping[str, Mapping[str, float]]
"""Metric → question → value."""


@dataclass(frozen=True, slots=True)
class StageFigures:
    """One stage over all questions that it ranked itself. ``p50`` and ``p95`` are seconds."""

    name: str
    metrics: Mapping[str, Interval]
    scores: Scores
    p50: float
    p95: float
    questions: int
    fell_back: int


@dataclass(frozen=True, slots=True)
class RunFigures:
    """One pipeline's stages; ``baselines`` are random order and oracle over its pool.

    ``p50`` and ``p95`` are a whole search's seconds, ``cost`` a question's mean dollars (None where
    a price is not known). ``answers`` has a mean for each measure of `measures.answers`.
    """

    run: Run
    stages: Mapping[str, StageFigures]
    baselines: Mapping[str, Mapping[str, float]]
    p50: float
    p95: float
    cost: float | None = None
    answers: Mapping[str, Interval] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A difference in one metric between two rankings, each ``(pipeline, stage)``."""

    metric: str
    before: tuple[str, str]
    after: tuple[str, str]
    difference: Difference


@dataclass(frozen=True, slots=True)
class Figures:
    """All figures of an evaluation, worked out from it alone.

    ``audit`` has those by a model's grades, corrected by what people graded of a random sample.
    """

    evaluation: Evaluation
    measures: tuple[str, ...]
    runs: tuple[RunFigures, ...]
    comparisons: tuple[Comparison, ...]
    audit: GradesAudit | None = None

    def stage(self, stage: str, run: str = "") -> StageFigures | None:
        """Return a stage of a pipeline (the first one by default), None if it did not run."""
        for figures in self.runs:
            if not run or figures.run.name == run:
                return figures.stages.get(stage)
        return None


def figures(
    evaluation: Evaluation, measures: Sequence[str] = DEFAULT, primary: str = PRIMARY
) -> Figures:
    """Work out every figure; the same evaluation always gives the same ones."""
    names = tuple(dict.fromkeys(checked(name) for name in (primary, *measures)))
    runs = tuple(_run(evaluation, run, names) for run in evaluation.runs)
    compared = tuple(_comparisons(runs, primary))
    return Figures(evaluation, names, runs, compared, audit.audit_of(evaluation))


def outside(found: Figures) -> dict[str, Any]:
    """Return the outside form: the first pipeline's stages on top, all of them under pipelines."""
    evaluation, first = found.evaluation, found.runs[0]
    return {
        "questions": len(evaluation.questions),
        "stages": _stages(first),
        "comparisons": [_comparison(c) for c in found.comparisons],
        "name": evaluation.name,
        "unit": evaluation.unit,
        "notes": list(evaluation.notes),
        **({"audit": audit.outside(found.audit)} if found.audit else {}),
        "pipelines": {
            figures.run.name: {
                "settings": dict(figures.run.settings),
                "settings_digest": figures.run.settings_digest,
                "stages": _stages(figures),
                "baselines": {n: dict(values) for n, values in figures.baselines.items()},
                "seconds": {"p50": figures.p50, "p95": figures.p95},
                "cost_usd": {"mean": figures.cost, "total": figures.run.spent},
                "answers": {n: _interval(found) for n, found in figures.answers.items()},
                "failures": dict(figures.run.failures),
            }
            for figures in found.runs
        },
    }


def _run(evaluation: Evaluation, run: Run, names: tuple[str, ...]) -> RunFigures:
    stages = {stage: _stage(evaluation, run, stage, names) for stage in run.stages}
    p50, p95 = _percentiles([result.seconds for result in run.results])
    pools = {q: r.items for q, r in run.rankings(StageName.RERANKED)}
    base = baselines(pools, evaluation.grades, names)
    mean = None if run.spent is None else run.spent / len(run.results)
    return RunFigures(run, stages, base, p50, p95, mean, answers.figures(run, evaluation))


def _stage(evaluation: Evaluation, run: Run, stage: str, names: tuple[str, ...]) -> StageFigures:
    found = dict(run.rankings(stage))
    scores = per_question({q: r.items for q, r in found.items()}, evaluation.grades, names)
    table = np.array([[scores[name][q] for name in names] for q in found], np.float64)
    p50, p95 = _percentiles([ranking.seconds for ranking in found.values()])
    return StageFigures(
        name=stage,
        metrics=dict(zip(names, intervals(table.reshape(len(found), len(names))), strict=True)),
        scores=scores,
        p50=p50,
        p95=p95,
        questions=len(found),
        fell_back=run.fell_back(stage),
    )


def _comparisons(runs: Sequence[RunFigures], primary: str) -> Iterator[Comparison]:
    """Yield each pipeline's steps, then the last stage of each pipeline against the first's.

    Two comparisons with the same scores (the steps before the reranker, in pipelines that retrieve
    alike) count once, since every further comparison makes the correction stricter.
    """
    steps = [
        ((run, before), (run, after))
        for run in runs
        for before, after in _steps(run)
        if after != StageName.RERANKED or run.run.settings.get("reranker") != "none"
    ]
    across = [((runs[0], runs[0].run.last), (run, run.run.last)) for run in runs[1:]]
    wanted: list[tuple[tuple[RunFigures, str], tuple[RunFigures, str]]] = []
    pairs: list[tuple[Mapping[str, float], Mapping[str, float]]] = []
    for sides in (*across, *steps):
        stages = [run.stages.get(stage) for run, stage in sides]
        if stages[0] is None or stages[1] is None:
            continue
        pair = (stages[0].scores[primary], stages[1].scores[primary])
        if pair not in pairs and pair[::-1] not in pairs:
            wanted.append(sides)
            pairs.append(pair)
    found = list(zip(wanted, compare(pairs), strict=True))
    found.sort(key=lambda one: one[0] in across)  # stable: the steps first
    for ((first, before), (second, after)), difference in found:
        yield Comparison(primary, (first.run.name, before), (second.run.name, after), difference)


def _steps(run: RunFigures) -> Iterator[tuple[str, str]]:
    """Yield each stage that may gain something, behind the one whose order it was given."""
    name = StageName
    pool = name.EXPANDED if name.EXPANDED in run.stages else name.FUSED
    yield from ((name.DENSE, name.FUSED), (name.LEXICAL, name.FUSED))
    yield from ((name.FUSED, name.EXPANDED), (pool, name.RERANKED))
    yield (name.RERANKED, name.SECOND_HOP)


def _percentiles(seconds: Sequence[float]) -> tuple[float, float]:
    if not seconds:
        return math.nan, math.nan
    p50, p95 = np.percentile(np.asarray(seconds), (50, 95))
    return float(p50), float(p95)


def _stages(figures: RunFigures) -> dict[str, Any]:
    return {
        stage.name: {
            **{name: _interval(found) for name, found in stage.metrics.items()},
            "seconds": {"p50": _number(stage.p50), "p95": _number(stage.p95)},
            "questions": stage.questions,
            "fell_back": stage.fell_back,
        }
        for stage in figures.stages.values()
    }


def _comparison(comparison: Comparison) -> dict[str, Any]:
    difference = comparison.difference
    return {
        "metric": comparison.metric,
        "before": dict(zip(("pipeline", "stage"), comparison.before, strict=True)),
        "after": dict(zip(("pipeline", "stage"), comparison.after, strict=True)),
        "difference": _interval(difference.interval),
        "questions": difference.questions,
        "p": difference.p,
        "p_adjusted": difference.adjusted,
        "wins": difference.wins,
        "ties": difference.ties,
        "losses": difference.losses,
        "more_questions": difference.more,
        "verdict": difference.verdict,
    }


def _interval(found: Interval) -> dict[str, float | None]:
    return {name: _number(value) for name, value in asdict(found).items()}


def _number(value: float) -> float | None:
    """JSON has no NaN."""
    return value if math.isfinite(value) else None
