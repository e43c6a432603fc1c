"""The tables of an advice on reranking: pools, the budget, costs, kinds of questions, passages."""

from __future__ import annotations

from collections.abc import Iterator

from rag.evaluate.advice.advice import Advice
from rag.evaluate.advice.depth import DepthCurve, DepthPoint
from rag.evaluate.reports.tables import EvaluationTable, FigureCell
from rag.llm.prices import dollars
from rag.text.labels import duration

SHOWN = 20  # passages that reranking moved out


def tables(found: Advice) -> tuple[EvaluationTable, ...]:
    """Return the tables for which there is something to show, in the order of reading."""
    made = (
        _depth_table(found),
        _budget_table(found),
        _cost_table(found),
        _group_table(found),
        _moved_table(found),
    )
    return tuple(table for table in made if table)


def _depth_table(found: Advice) -> EvaluationTable:
    """Return quality, gain, times and cost of every reranker at every pool."""
    columns = (
        "Reranker and pool", "nDCG@10", "Gain", "Higher", "Lower", "Retrieval, 95 %",
        "Reranking, 95 %", "A question, median", "1,000 questions",
    )  # fmt: skip
    rows = tuple(
        (f"{p.reranker}, pool {p.pool}{_mark(p, curve, found)}", tuple(_depth_cells(p)))
        for curve in found.curves
        for p in curve.points
    )
    note = "* smallest pool within the interval of the reranker's best; ** the one advised"
    return EvaluationTable(columns, rows, "Quality and time by pool", note)


def _mark(point: DepthPoint, curve: DepthCurve, found: Advice) -> str:
    if point is found.chosen:
        return " **"
    return " *" if point is curve.smallest else ""


def _depth_cells(point: DepthPoint) -> Iterator[FigureCell]:
    gain = point.gain.interval
    yield FigureCell(f"{point.quality.mean:.3f}", f"± {point.quality.half:.3f}")
    yield FigureCell(f"{gain.mean:+.3f}", f"{gain.low:+.3f} to {gain.high:+.3f}")
    yield from (FigureCell(str(point.gain.wins)), FigureCell(str(point.gain.losses)))
    yield from (FigureCell(duration(t.p95)) for t in (point.retrieval, point.reranking))
    yield FigureCell(duration(point.total.p50))
    yield FigureCell("not known" if point.cost is None else dollars(1000 * point.cost))


def _budget_table(found: Advice) -> EvaluationTable | None:
    if found.budget is None:
        return None
    points = [found.chosen] if found.chosen else [curve.points[0] for curve in found.curves]
    rows = []
    for point in points:
        parts = found.budget.parts(point)
        left = found.budget.seconds - sum(parts.values())
        cells = [f"{name} {duration(seconds)}" for name, seconds in parts.items()]
        rest = f"{duration(left)} left" if left >= 0 else f"{duration(-left)} too much"
        name = f"{point.reranker}, pool {point.pool}"
        rows.append((name, tuple(FigureCell(text) for text in (*cells, rest))))
    columns = ("Reranker and pool", *("Part",) * (len(rows[0][1]) - 1), "Of the budget")
    title = f"Where {duration(found.budget.seconds)} at {found.budget.percentile} % go"
    return EvaluationTable(columns, tuple(rows), title)


def _cost_table(found: Advice) -> EvaluationTable | None:
    if not found.costs:
        return None
    rows = tuple(
        (one.name, tuple(map(FigureCell, (
            dollars(1000 * one.question), dollars(one.day), dollars(one.month),
            f"{one.break_even:,.0f}" if one.break_even else "–",
        ))))
        for one in found.costs
    )  # fmt: skip
    columns = ("Reranker", "1,000 questions", "A day", "A month", "Own machine is cheaper from")
    return EvaluationTable(
        columns, rows, "What reranking costs", "questions a day; 30 days a month"
    )


def _group_table(found: Advice) -> EvaluationTable | None:
    if not found.groups:
        return None
    rows = tuple(
        (group.name, (
            FigureCell(str(group.questions), f"{group.share:.0%}"),
            FigureCell(
                f"{group.gain.mean:+.3f}", f"{group.gain.low:+.3f} to {group.gain.high:+.3f}"
            ),
            FigureCell("yes" if group.can_skip else "no"),
        ))
        for group in found.groups
    )  # fmt: skip
    columns = ("Questions", "How many", "Gain in nDCG@10", "Can skip reranking")
    return EvaluationTable(columns, rows, "When to skip reranking")


def _moved_table(found: Advice) -> EvaluationTable | None:
    moves = found.movements
    if not moves or not moves.out:
        return None
    passages = found.evaluation.passages
    rows = tuple(
        (moved.question, (
            FigureCell(passages[moved.item].document if moved.item in passages else moved.item),
            FigureCell(str(moved.before)),
            FigureCell(str(moved.after) if moved.after else "not in the pool"),
        ))
        for moved in moves.out[:SHOWN]
    )  # fmt: skip
    columns = ("Question", "Relevant passage of", "Rank before", "Rank after")
    return EvaluationTable(columns, rows, "Relevant passages that reranking moves out")
