"""What was learned from judgements, for page and command line: its worth, weights and curve."""

from __future__ import annotations

from collections.abc import Sequence

from rag.evaluate.fitting.learned import DRAWS, ENOUGH, CurvePoint, Learning
from rag.evaluate.measures.metrics import PRIMARY
from rag.evaluate.measures.statistics import Difference
from rag.evaluate.reports import charts
from rag.evaluate.reports.fitted import FittedPart
from rag.evaluate.reports.tables import EvaluationTable, FigureCell
from rag.text.plural import plural

SMALL = 0.005  # weights below this are left out of the table


def described(found: Learning, version: int) -> list[FittedPart]:
    """Describe what was learned, and the gain by number of judged questions."""
    note = f"Each row but the last is the mean of {DRAWS} draws of so many judged questions."
    return [
        _weights(found, version),
        *curve(found.curve, found.held_out, found.questions, note),
    ]


def _weights(found: Learning, version: int) -> FittedPart:
    largest = sorted(found.weights.items(), key=lambda one: -abs(one[1]))
    rows = [(name, (FigureCell(f"{weight:+.3f}"),)) for name, weight in largest
            if abs(weight) >= SMALL]  # fmt: skip
    return FittedPart(
        "Learned reranker",
        f"version {version}",
        f"{worth(found)} {split(found.questions, found.apart)}{few(found.questions)}",
        EvaluationTable(("", "Weight"), tuple((name, cells) for name, cells in rows)),
    )


def worth(found: Learning) -> str:
    """Return what cross-validation shows, and what follows, in sentences."""
    held = found.held_out
    by = f"nDCG@10 on questions that were not learned from: {held.verdict}."
    if held.gained:
        return f"{by} It can be adopted."
    if found.prior == float("inf"):
        return f"{by} These judgements show no better weights than the blend's: keep it."
    return f"{by} No gain is shown: keep the present reranker."


def split(questions: int, apart: bool) -> str:
    """Return how many questions there were and how they were kept apart, in a sentence."""
    judged = plural(questions, "judged question")
    if apart:
        return f"{judged}; those about the same document were learned or tested together."
    return f"{judged}; most are about one document, so only questions were kept apart."


def few(questions: int) -> str:
    """Return a warning if too few questions are judged for a gain of the usual size, or nothing."""
    if questions >= ENOUGH:
        return ""
    return f" These are few: judge {ENOUGH} or more before you decide on this."


def curve(
    points: Sequence[CurvePoint], held_out: Difference, questions: int, note: str
) -> list[FittedPart]:
    """Describe the gain by number of judged questions; nothing if there is no smaller number."""
    if not points:
        return []
    rows = [(str(point.questions), _cells(point.held_out)) for point in points]
    rows.append((f"all {questions:,}, cross-validated", _cells(held_out)))
    drawn = [(point.questions, point.held_out.interval) for point in points]
    return [
        FittedPart(
            "Learning curve",
            "gain in nDCG@10 on the other questions",
            note,
            EvaluationTable(("Judged", "Gain", "From", "To", "Tested on"), tuple(rows)),
            charts.learning_curve([*drawn, (questions, held_out.interval)], PRIMARY),
        )
    ]


def _cells(found: Difference) -> tuple[FigureCell, ...]:
    held = found.interval
    figures = (FigureCell(f"{value:+.3f}") for value in (held.mean, held.low, held.high))
    return (*figures, FigureCell(f"{found.questions:,}"))
