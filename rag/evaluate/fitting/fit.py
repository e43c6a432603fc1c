"""Fit weights and the score threshold on judgements, and say what they are worth on others.

Questions are split in two by chance (seeded). What is chosen on one half is measured on the other,
so the figure is not the one that the choice was made by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rag.errors import RanklensError
from rag.evaluate.data import Grades, Question, Unit, ranking
from rag.evaluate.measures.metrics import PRIMARY, per_question
from rag.evaluate.measures.statistics import Difference, compare
from rag.pipeline import Pipeline
from rag.retrieve.fusion import fuse
from rag.text.plural import plural
from rag.types import Chunk, Stage, StageName, Trace, ranked

SEED = 20_260
STEP = 0.1
BLENDS = ("blend_dense", "blend_lexical", "blend_reranker")
Weights = Mapping[str, float]
Order = Callable[[str, Weights], Sequence[str]]
"""(question id, weights) → its items in the order that these weights give."""

RERANKINGS = (StageName.RERANKED, StageName.FOLLOW_UP_RERANKED)


@dataclass(frozen=True, slots=True)
class FittedWeights:
    """Weights that did best on one half; ``held_out`` compares them with ``current`` on the other.

    ``trained`` is the metric's mean on the half that they were chosen by.
    """

    current: Weights
    best: Weights
    trained: float
    held_out: Difference


@dataclass(frozen=True, slots=True)
class PrecisionRecall:
    """What keeping passages from ``threshold`` on gives, over all judged passages together."""

    threshold: float
    precision: float
    recall: float

    @property
    def f1(self) -> float:
        """Harmonic mean of both."""
        total = self.precision + self.recall
        return 2 * self.precision * self.recall / total if total else 0.0


@dataclass(frozen=True, slots=True)
class FittedThreshold:
    """The threshold with the best F1 on one half, and what it gives on the other.

    ``curve`` is that of the first half, thresholds falling, ``held_out_curve`` the other's.
    """

    trained: PrecisionRecall
    held_out: PrecisionRecall
    curve: tuple[PrecisionRecall, ...]
    held_out_curve: tuple[PrecisionRecall, ...] = ()


def split(questions: Sequence[Question], seed: int = SEED) -> tuple[list[str], list[str]]:
    """Return the ids of two halves; raises `RanklensError` for fewer than four questions."""
    if len(questions) < 4:
        judged = plural(len(questions), "judged question is", "judged questions are")
        raise RanklensError(f"{judged} too few to fit anything on")
    order = np.random.default_rng(seed).permutation(len(questions))
    ids = [questions[i].id for i in order]
    return ids[: len(ids) // 2], ids[len(ids) // 2 :]


def fit_weights(
    order: Order, grid: Sequence[Weights], current: Weights, grades: Grades,
    halves: tuple[list[str], list[str]],
) -> FittedWeights:  # fmt: skip
    """Return the weights of ``grid`` with the best nDCG@10 on the first half; ties keep the first.

    The current weights are tried first, so nothing is changed without a gain.
    """
    first, second = halves
    means = [_mean(order, weights, grades, first) for weights in (current, *grid)]
    place = int(np.argmax(means))
    best = (current, *grid)[place]
    pair = tuple(_scores(order, weights, grades, second) for weights in (current, best))
    return FittedWeights(current, best, means[place], compare([(pair[0], pair[1])])[0])


def fusion_order(pipeline: Pipeline, traces: Mapping[str, Trace], unit: Unit) -> Order:
    """Return how fusion with other weights would order what both retrievers found."""

    def order(question: str, weights: Weights) -> Sequence[str]:
        stages = {stage.name: stage for stage in traces[question].stages}
        coverage = stages[StageName.FUSED].details.get("coverage")
        pairs = [
            (stages[name].hits, weights[option] * share)
            for name, option, share in (
                (StageName.DENSE, "dense_weight", coverage if isinstance(coverage, float) else 1.0),
                (StageName.LEXICAL, "lexical_weight", 1.0),
            )
            if weights[option] > 0
        ]
        return ranking(Stage(StageName.FUSED, fuse(pairs, pipeline.settings), 0.0), unit).items

    return order


def blend_order(
    pipeline: Pipeline, questions: Sequence[Question], unit: Unit, on_done: Callable[[int], None]
) -> Order:
    """Return how a blending reranker would order the pool with other weights.

    Each part's normalised scores come from the pipeline itself, asked with all of the weight on
    that part; a blend is their weighted sum.
    """
    alone = [
        # A second hop's scores are places, not the reranker's: they make no blend.
        pipeline.with_settings(hops=1, **{other: float(other == option) for other in BLENDS})
        for option in BLENDS
    ]
    columns: dict[str, list[dict[str, float]]] = {}
    chunks: dict[str, dict[str, Chunk]] = {}
    for done, question in enumerate(questions, 1):
        stages = [_reranked(one.search(question.text)) for one in alone]
        columns[question.id] = [{h.chunk.id: h.score for h in stage.hits} for stage in stages]
        fused = sorted(stages[0].hits, key=lambda hit: hit.rank)
        chunks[question.id] = {hit.chunk.id: hit.chunk for hit in fused}
        on_done(done)

    def order(question: str, weights: Weights) -> Sequence[str]:
        parts = [(weights[o], c) for o, c in zip(BLENDS, columns[question], strict=True)]
        pool = chunks[question]
        scored = [(pool[key], sum(w * c.get(key, 0.0) for w, c in parts)) for key in pool]
        return ranking(Stage(StageName.RERANKED, ranked(scored), 0.0), unit).items

    return order


def fusion_grid() -> list[Weights]:
    """Return weights of both retrievers that add up to 1, in steps of 0.1."""
    return [{"dense_weight": d, "lexical_weight": round(1 - d, 1)} for d in _steps()]


def blend_grid() -> list[Weights]:
    """Return the three weights of a blend that add up to 1, in steps of 0.1."""
    return [
        dict(zip(BLENDS, (d, x, round(1 - d - x, 1)), strict=True))
        for d in _steps()
        for x in _steps()
        if d + x <= 1 + 1e-9
    ]


def fit_threshold(
    traces: Mapping[str, Trace], grades: Grades, halves: tuple[list[str], list[str]]
) -> FittedThreshold:
    """Return the score of the last stage from which on passages are best kept.

    A passage is relevant from grade 1; one that was not judged counts as not relevant. ``grades``
    are of passages. Raises `RanklensError` where no relevant passage was ranked.
    """
    scored = [sorted(_scored(traces, grades, half), reverse=True) for half in halves]
    totals = [sum(g > 0 for q in half for g in grades[q].values()) for half in halves]
    curve = precision_recall(scored[0], totals[0])
    if not curve:
        raise RanklensError("no relevant passage was ranked, so no threshold can be fitted")
    best = max(curve, key=lambda point: point.f1)
    kept = [relevant for score, relevant in scored[1] if score >= best.threshold]
    held_out = PrecisionRecall(
        best.threshold, sum(kept) / len(kept) if kept else 0.0, sum(kept) / max(totals[1], 1)
    )
    other = precision_recall(scored[1], max(totals[1], 1))
    return FittedThreshold(best, held_out, tuple(curve), tuple(other))


def precision_recall(scored: Sequence[tuple[float, bool]], relevant: int) -> list[PrecisionRecall]:
    """Return the curve over (score, whether relevant), best first, a point a relevant score."""
    curve, found, before = [], 0, 0
    for count, (score, hit) in enumerate(scored, 1):
        found += hit
        if count == len(scored) or scored[count][0] < score:
            if found > before:
                curve.append(PrecisionRecall(score, found / count, found / relevant))
            before = found
    return curve


def _scored(
    traces: Mapping[str, Trace], grades: Grades, half: Sequence[str]
) -> Iterator[tuple[float, bool]]:
    for question in half:
        for hit in _reranked(traces[question]).hits:
            yield hit.score, grades[question].get(hit.chunk.id, 0) > 0


def _reranked(trace: Trace) -> Stage:
    """Return the last stage; raises `RanklensError` where a reranker fell back on the way to it."""
    for stage in trace.stages:
        if stage.fell_back and stage.name in RERANKINGS:
            raise RanklensError(f"{trace.question!r}: the reranker fell back ({stage.note})")
    return trace.stages[-1]


def _mean(order: Order, weights: Weights, grades: Grades, half: Sequence[str]) -> float:
    return float(np.mean(list(_scores(order, weights, grades, half).values())))


def _scores(
    order: Order, weights: Weights, grades: Grades, half: Sequence[str]
) -> Mapping[str, float]:
    return per_question({q: order(q, weights) for q in half}, grades, (PRIMARY,))[PRIMARY]


def _steps() -> list[float]:
    return [round(i * STEP, 1) for i in range(round(1 / STEP) + 1)]
