"""Advice on reranking as people read it: sentences and charts, each with its figures."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from markupsafe import Markup

from rag.evaluate.advice.advice import SMALL_LIBRARY, Advice, Budget, Worth
from rag.evaluate.advice.depth import DepthPoint
from rag.evaluate.reports import charts
from rag.evaluate.reports.advice_tables import tables
from rag.evaluate.reports.charts import IntervalRow, PipelineDot
from rag.evaluate.reports.rendering import TEMPLATES
from rag.evaluate.reports.tables import EvaluationTable
from rag.text.labels import duration
from rag.text.plural import plural

_HEADLINES = {
    Worth.WORTH_IT: "Reranking is worth it here",
    Worth.NOT_SHOWN: "It is not shown that reranking is worth it here",
    Worth.NOT_WORTH_IT: "Reranking is not worth it here",
}


@dataclass(frozen=True, slots=True)
class AdviceSummary:
    """The advice in the order in which it is read.

    ``reasons`` are sentences with the figures that led to them. ``charts`` is title → HTML.
    """

    headline: str
    about: str
    reasons: tuple[str, ...]
    tables: tuple[EvaluationTable, ...]
    charts: tuple[tuple[str, Markup], ...]


def summarise(found: Advice) -> AdviceSummary:
    """Return what people read of an advice."""
    questions = plural(len(found.evaluation.questions), "judged question")
    return AdviceSummary(
        headline=headline(found),
        about=f"{found.evaluation.name}: {questions}, {plural(found.chunks, 'chunk')}",
        reasons=tuple(_reasons(found)),
        tables=tables(found),
        charts=tuple(_charts(found)),
    )


def html(found: Advice) -> str:
    """Return the advice as one HTML page that needs no network and no script."""
    return TEMPLATES.render("advice.html", summary=summarise(found))


def outside(found: Advice) -> dict[str, Any]:
    """Return the advice as JSON's own types, for other programs."""
    summary = summarise(found)
    return {
        "advice": found.worth.value if found.chosen else "over budget",
        "headline": summary.headline,
        "reasons": list(summary.reasons),
        "reranker": found.chosen.reranker if found.chosen else None,
        "pool": found.chosen.pool if found.chosen else None,
        "more_questions": found.more,
        "questions": len(found.evaluation.questions),
        "chunks": found.chunks,
        "points": [_point(p, found) for curve in found.curves for p in curve.points],
        "skip": [
            {"questions": group.name, "share": group.share, "gain": asdict(group.gain),
             "can_skip": group.can_skip}
            for group in found.groups
        ],
        "moved_out": [asdict(moved) for moved in found.movements.out] if found.movements else [],
        "costs": [
            {"name": one.name, "question_usd": one.question, "day_usd": one.day,
             "month_usd": one.month, "break_even_questions_a_day": one.break_even}
            for one in found.costs
        ],
    }  # fmt: skip


def _point(point: DepthPoint, found: Advice) -> dict[str, Any]:
    gain = point.gain
    return {
        "reranker": point.reranker,
        "pool": point.pool,
        "ndcg@10": asdict(point.quality),
        "gain": asdict(gain.interval),
        "wins": gain.wins,
        "losses": gain.losses,
        "p_adjusted": gain.adjusted,
        "seconds": asdict(point.total),
        "reranking_seconds": asdict(point.reranking),
        "cost_usd": point.cost,
        "fell_back": point.fell_back,
        "keeps_budget": found.budget.fits(point) if found.budget else None,
    }


def headline(found: Advice) -> str:
    """Return the advice in one sentence."""
    if found.chosen is None:
        return "No reranker keeps the time that a question may take"
    point = found.chosen
    with_what = f": {point.reranker}, pool {point.pool}" if found.worth is Worth.WORTH_IT else ""
    more = ""
    if found.more:
        count = plural(found.more, "more question")
        more = f"; judge about {count} to know"
    return f"{_HEADLINES[found.worth]}{with_what}{more}"


def _reasons(found: Advice) -> Iterator[str]:
    point = found.chosen
    if found.budget:
        yield _budget_words(found, found.budget)
    if point is None:
        return
    gain = point.gain
    yield (
        f"{point.reranker} with a pool of {point.pool} puts the relevant passage higher for "
        f"{plural(gain.wins, 'question')} and lower for {gain.losses}: nDCG@10 "
        f"{gain.interval.mean:+.3f} ({gain.interval.low:+.3f} to {gain.interval.high:+.3f}) "
        f"against no reranking, for {duration(point.reranking.p50)} a question."
    )
    yield _pool_words(found, point)
    yield (
        f"Without reranking, {found.found_before:.0%} of the questions have a relevant passage "
        f"among the {found.movements.top if found.movements else 0} that the answer is given."
    )
    if found.chunks < SMALL_LIBRARY:
        yield (
            f"The library has {plural(found.chunks, 'chunk')}; with fewer than {SMALL_LIBRARY:,} "
            "the first stage has little to choose from. Measure again when it has grown."
        )
    for group in found.groups:
        if group.can_skip:
            yield (
                f"Skip reranking when {group.name} ({group.share:.0%} of the questions): it gains "
                f"{group.gain.mean:+.3f}, at most {group.gain.high:+.3f}."
            )
    yield from _movement_words(found)


def _pool_words(found: Advice, point: DepthPoint) -> str:
    best = next(c.best for c in found.curves if c.reranker == point.reranker)
    if best is point:
        return f"A pool of {point.pool} is the best of those measured for {point.reranker}."
    return (
        f"The best pool of {point.reranker} is {best.pool} (nDCG@10 {best.quality.mean:.3f}); "
        f"{point.pool} loses {point.loss.mean:.3f} ({point.loss.low:+.3f} to "
        f"{point.loss.high:+.3f}) and takes {duration(point.total.p50)} instead of "
        f"{duration(best.total.p50)}."
    )


def _budget_words(found: Advice, budget: Budget) -> str:
    wanted = f"{duration(budget.seconds)} for {budget.percentile} % of the questions"
    if found.chosen is None:
        least = min((c.points[0] for c in found.curves), key=lambda p: budget.of(p.total))
        part, seconds = max(budget.parts(least).items(), key=lambda pair: pair[1])
        return (
            f"No pool keeps {wanted}. {least.reranker} with a pool of {least.pool} is the "
            f"fastest; most of its time is {part}, {duration(seconds)}."
        )
    over = [p for c in found.curves for p in c.points if not budget.fits(p)]
    if not over:
        return f"Every reranker and pool keeps {wanted}."
    names = ", ".join(f"{p.reranker} at {p.pool}" for p in over[:4])
    more = f" and {len(over) - 4} more" if len(over) > 4 else ""
    return f"The budget of {wanted} leaves out {names}{more}."


def _movement_words(found: Advice) -> Iterator[str]:
    moves = found.movements
    if not moves or not (moves.out or moves.into):
        return
    yield (
        f"Of the relevant passages, reranking moves {moves.into} into the first {moves.top} and "
        f"{len(moves.out)} out of them."
    )
    if moves.is_mismatch:
        yield (
            "It does not suit these documents: fit the weights on your judgements (ranklens fit), "
            "try another reranker, or give BM25 more weight."
        )


def _charts(found: Advice) -> Iterator[tuple[str, Markup]]:
    for curve in found.curves:
        rows = [
            IntervalRow(f"pool {p.pool}", p.quality, p is found.chosen) for p in curve.points
        ]  # fmt: skip
        yield f"nDCG@10 of {curve.reranker} by pool", charts.intervals(rows)
    dots = [
        PipelineDot(f"{p.reranker}, {p.pool}", p.total.p50, p.quality.mean, p.cost)
        for curve in found.curves
        for p in curve.points
    ]
    yield "Quality, time and cost of every pool", charts.quality_by_time(dots, "nDCG@10")
    if found.groups:
        gains = [IntervalRow(group.name, group.gain, group.can_skip) for group in found.groups]
        yield "Gain by kind of question", charts.gains(gains)
