"""The precision-recall curve that a score threshold sits on, as SVG in the page's colours."""

from __future__ import annotations

from collections.abc import Sequence

from rag.evaluate.fit import PrecisionRecall, Threshold
from ui.components.frame import escape

WIDTH, HEIGHT = 460, 250
LEFT, BOTTOM, TOP, RIGHT = 40, 34, 12, 14
TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)


def curve(found: Threshold) -> str:
    """Return the curves of both halves: recall to the right, precision upwards, 0 to 1."""
    lines = "".join(
        f'<polyline class="{kind}" points="{" ".join(map(_point, points))}"/>'
        for kind, points in (("other", found.held_out_curve), ("first", found.curve))
    )
    marks = _mark(found.held_out, "other", "held out") + _mark(found.trained, "first", "chosen")
    said = (
        f"Precision against recall. At the threshold {found.trained.threshold:.4f}: precision "
        f"{found.trained.precision:.2f} and recall {found.trained.recall:.2f} on the half that "
        f"chose, {found.held_out.precision:.2f} and {found.held_out.recall:.2f} on the other."
    )
    return (
        f'<svg class="rl-curve" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(said)}">{_axes(TICKS)}{lines}{marks}</svg>'
        '<p class="rl-say rl-curve-key"><i class="first"></i> the half that chose <i class="other">'
        "</i> the other half; the dots are the chosen threshold</p>"
    )


def place(recall: float, precision: float) -> tuple[float, float]:
    """Return where a point stands, in the drawing's units from its upper left corner."""
    x = LEFT + recall * (WIDTH - LEFT - RIGHT)
    y = HEIGHT - BOTTOM - precision * (HEIGHT - BOTTOM - TOP)
    return round(x, 1), round(y, 1)


def _point(point: PrecisionRecall) -> str:
    x, y = place(point.recall, point.precision)
    return f"{x},{y}"


def _mark(point: PrecisionRecall, kind: str, name: str) -> str:
    x, y = place(point.recall, point.precision)
    title = f"{name}: precision {point.precision:.3f}, recall {point.recall:.3f}"
    return f'<circle class="{kind}" cx="{x}" cy="{y}" r="5"><title>{escape(title)}</title></circle>'


def _axes(ticks: Sequence[float]) -> str:
    (left, bottom), (right, top) = place(0, 0), place(1, 1)
    parts = []
    for at in ticks:
        x, y = place(at, at)
        parts.append(
            f'<line class="grid" x1="{left}" x2="{right}" y1="{y}" y2="{y}"/>'
            f'<text x="{left - 6}" y="{y + 4}" text-anchor="end">{at:g}</text>'
            f'<text x="{x}" y="{bottom + 16}" text-anchor="middle">{at:g}</text>'
        )
    return "".join(parts) + (
        f'<text x="{right}" y="{bottom + 30}" text-anchor="end">recall</text>'
        f'<text x="{left + 4}" y="{top + 10}">precision</text>'
    )
