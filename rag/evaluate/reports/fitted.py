"""What was fitted, for page and command line: each choice, and its worth on the other half."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from rag.evaluate.fitting.fit import FittedThreshold, FittedWeights
from rag.evaluate.fitting.refusal import FittedRefusal
from rag.evaluate.reports.charts import precision_recall
from rag.evaluate.reports.tables import EvaluationTable, FigureCell
from rag.text.plural import plural

POINTS = 8
ENOUGH = 40  # unanswerable questions, half of which are held out


@dataclass(frozen=True, slots=True)
class FittedPart:
    """One choice in words.

    ``choice`` is empty if nothing could be fitted; then ``worth`` is the reason. ``curve`` is a
    chart of the threshold's.
    """

    title: str
    choice: str
    worth: str
    table: EvaluationTable | None = None
    curve: Markup | None = None


def weights(title: str, found: FittedWeights) -> FittedPart:
    """Describe fitted weights."""
    return FittedPart(
        title,
        _options(found.best),
        f"Now {_options(found.current)}. nDCG@10 {found.trained:.3f} on the half that chose; held "
        f"out against the present weights: {found.held_out.verdict}.",
    )


def threshold(found: FittedThreshold) -> FittedPart:
    """Describe a fitted score threshold, with points of its precision-recall curve."""
    points = [("chosen", found.trained), ("held out", found.held_out)]
    step = max(1, len(found.curve) // POINTS)
    points += [("on the curve", point) for point in found.curve[::step]]
    rows = [(name, _cells(f"{p.threshold:.4f}", p.precision, p.recall, p.f1)) for name, p in points]
    return FittedPart(
        "Score threshold of the last stage",
        f"threshold = {found.trained.threshold:.4f}",
        f"Held out: precision {found.held_out.precision:.3f}, recall {found.held_out.recall:.3f}.",
        EvaluationTable(("", "Threshold", "Precision", "Recall", "F1"), tuple(rows)),
        precision_recall(found),
    )


def refusal(found: FittedRefusal) -> FittedPart:
    """Describe the relevance below which nothing is answered."""
    gain = found.held_out.balanced - found.current.balanced
    worth = f"held out {gain:+.3f} on the mean of both rates"
    if gain <= 0:
        means = f"({gain:+.3f} on the mean of both rates)"
        worth = f"held out no better than now {means}: keep the present one"
    rough = "" if found.unanswerable >= ENOUGH else " With so few questions the rates are rough."
    rates = {
        "chosen": found.trained,
        "held out": found.held_out,
        "held out, as it is now": found.current,
    }
    return FittedPart(
        "Relevance below which nothing is answered",
        f"refuse_below = {found.trained.refuse_below:g}",
        f"Now {found.current.refuse_below:g}; {found.answerable:,} answerable and "
        f"{plural(found.unanswerable, 'unanswerable question')}; {worth}.{rough}",
        EvaluationTable(
            ("", "Refuse below", "Answerable answered", "Unanswerable refused", "Mean"),
            tuple(
                (name, _cells(f"{one.refuse_below:g}", one.answered, one.refused, one.balanced))
                for name, one in rates.items()
            ),
        ),
    )


def _options(options: Mapping[str, float]) -> str:
    return ", ".join(f"{name} = {value:g}" for name, value in options.items())


def _cells(first: str, *values: float) -> tuple[FigureCell, ...]:
    return (FigureCell(first), *(FigureCell(f"{value:.3f}") for value in values))
