"""What was fitted, as HTML: each choice with its figure on the half that did not choose it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.evaluate.fitting.fit import FittedThreshold, FittedWeights, PrecisionRecall
from rag.evaluate.fitting.refusal import FittedRefusal, RefusalRates
from rag.text.plural import plural
from ranklens.fitting import REFUSAL, THRESHOLD
from ui.measure.fit_curve import curve
from ui.shared.frame import escape
from ui.shared.passages import table

if TYPE_CHECKING:
    from ranklens.fitting import Fit

POINTS = 8
ENOUGH = 40  # unanswerable questions, half of which are held out


def fitted(found: Fit) -> str:
    """Return everything that was fitted, and why something was not."""
    parts = [_weights(f"Fusion weights, on {found.name}", found.fusion)]
    if found.blend:
        parts.append(_weights("Blend weights of the hybrid reranker", found.blend))
    parts.append(
        _threshold(found.threshold)
        if found.threshold
        else _not("No threshold", found.why_not.get(THRESHOLD, ""))
    )
    parts.append(
        _refusal(found.refusal)
        if found.refusal
        else _not("No threshold for refusing", found.why_not.get(REFUSAL, ""))
    )
    return f'<div class="rl-fit">{"".join(parts)}</div>'


def _not(what: str, why: str) -> str:
    return f'<p class="rl-say after">{what}: {escape(why)}</p>'


def _weights(title: str, found: FittedWeights) -> str:
    best, current = (
        ", ".join(f"{option} {value:g}" for option, value in weights.items())
        for weights in (found.best, found.current)
    )
    return (
        f'<h3 class="rl-label">{escape(title)}</h3>'
        f'<div class="rl-verdict"><b>{escape(best)}</b><span>now {escape(current)}. nDCG@10 '
        f"{found.trained:.3f} on the half that chose; held out against the present weights: "
        f"{escape(found.held_out.verdict)}.</span></div>"
    )


def _threshold(found: FittedThreshold) -> str:
    head = _head("Threshold", "Precision", "Recall", "F1")
    step = max(1, len(found.curve) // POINTS)
    rows = [_point("chosen", found.trained), _point("held out", found.held_out)]
    rows += [_point("on the curve", point) for point in found.curve[::step]]
    return (
        '<h3 class="rl-label">Score threshold of the last stage</h3>'
        f'<div class="rl-verdict"><b>{found.trained.threshold:.4f}</b><span>held out: precision '
        f"{found.held_out.precision:.3f}, recall {found.held_out.recall:.3f}</span></div>"
        f"{curve(found)}{table(head, rows)}"
    )


def _refusal(found: FittedRefusal) -> str:
    gain = found.held_out.balanced - found.current.balanced
    worth = (
        f"held out {gain:+.3f} on the mean of both rates"
        if gain > 0
        else f"held out no better than now ({gain:+.3f} on the mean of both rates): keep the "
        "present one"
    )
    rough = "" if found.unanswerable >= ENOUGH else " With so few questions the rates are rough."
    rows = [
        _rates("chosen", found.trained),
        _rates("held out", found.held_out),
        _rates("held out, as it is now", found.current),
    ]
    head = _head("Refuse below", "Answerable answered", "Unanswerable refused", "Mean")
    return (
        '<h3 class="rl-label">Relevance below which nothing is answered</h3>'
        f'<div class="rl-verdict"><b>{found.trained.refuse_below:g}</b><span>now '
        f"{found.current.refuse_below:g}; {found.answerable:,} answerable and "
        f"{plural(found.unanswerable, 'unanswerable question')}; {worth}.{rough}</span></div>"
        f"{table(head, rows)}"
    )


def _head(*names: str) -> str:
    return "<th></th>" + "".join(f'<th class="right">{name}</th>' for name in names)


def _point(name: str, point: PrecisionRecall) -> str:
    return _row(name, f"{point.threshold:.4f}", (point.precision, point.recall, point.f1))


def _rates(name: str, one: RefusalRates) -> str:
    return _row(name, f"{one.refuse_below:g}", (one.answered, one.refused, one.balanced))


def _row(name: str, at: str, values: tuple[float, ...]) -> str:
    cells = "".join(
        f'<td class="num">{value}</td>' for value in (at, *(f"{v:.3f}" for v in values))
    )
    return f"<tr><td>{name}</td>{cells}</tr>"
