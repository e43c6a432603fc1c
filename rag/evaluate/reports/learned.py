"""What was learned from judgements, for page and command line: its worth, weights and curve."""

from __future__ import annotations

from rag.evaluate.fitting.learned import CurvePoint, Learning
from rag.evaluate.reports.fitted import FittedPart
from rag.evaluate.reports.tables import EvaluationTable, FigureCell
from rag.text.plural import plural

SMALL = 0.005  # weights below this are left out of the table


def described(found: Learning, version: int) -> list[FittedPart]:
    """Describe what was learned, and the gain by number of judged questions."""
    return [_weights(found, version), *([_curve(found)] if found.curve else [])]


def _weights(found: Learning, version: int) -> FittedPart:
    largest = sorted(found.weights.items(), key=lambda one: -abs(one[1]))
    rows = [(name, (FigureCell(f"{weight:+.3f}"),)) for name, weight in largest
            if abs(weight) >= SMALL]  # fmt: skip
    return FittedPart(
        "Learned reranker",
        f"version {version}",
        f"{worth(found)} {_split(found)}",
        EvaluationTable(("", "Weight"), tuple((name, cells) for name, cells in rows)),
    )


def worth(found: Learning) -> str:
    """Return what cross-validation shows, and what follows, in sentences."""
    held = found.held_out
    by = f"nDCG@10 on questions that were not learned from: {held.verdict}."
    if held.shown and held.interval.mean > 0:
        return f"{by} It can be adopted."
    if found.prior == float("inf"):
        return f"{by} These judgements show no better weights than the blend's: keep it."
    return f"{by} No gain is shown: keep the present reranker."


def _split(found: Learning) -> str:
    judged = plural(found.questions, "judged question")
    if found.apart:
        return f"{judged}; those about the same document were learned or tested together."
    return f"{judged}; most are about one document, so only questions were kept apart."


def _curve(found: Learning) -> FittedPart:
    return FittedPart(
        "Learning curve",
        "gain in nDCG@10 on the other questions",
        "Each row is the mean of five draws of so many judged questions.",
        EvaluationTable(
            ("Judged", "Gain", "From", "To", "Tested on"),
            tuple((str(point.questions), _cells(point)) for point in found.curve),
        ),
    )


def _cells(point: CurvePoint) -> tuple[FigureCell, ...]:
    held = point.held_out.interval
    figures = (FigureCell(f"{value:+.3f}") for value in (held.mean, held.low, held.high))
    return (*figures, FigureCell(f"{point.held_out.questions:,}"))
