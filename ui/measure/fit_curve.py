"""The precision-recall curve that a score threshold sits on, drawn as plain HTML.

Streamlit's sanitiser takes SVG away. The box keeps its proportions, so a line is a thin element of
a length and an angle that hold at every width.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

from rag.evaluate.fitting.fit import FittedThreshold, PrecisionRecall
from ui.shared.frame import escape

TALL = 0.55  # the box's height as a share of its width, as fit.css has it
TICKS = (0, 25, 50, 75, 100)


def curve(found: FittedThreshold) -> str:
    """Return the curves of both halves: recall to the right, precision upwards, 0 to 1."""
    said = (
        f"Precision against recall. At the threshold {found.trained.threshold:.4f}: precision "
        f"{found.trained.precision:.2f} and recall {found.trained.recall:.2f} on the half that "
        f"chose, {found.held_out.precision:.2f} and {found.held_out.recall:.2f} on the other."
    )
    return (
        f'<div class="rl-curve" role="img" aria-label="{escape(said)}">{_axes()}'
        f"{_line(found.held_out_curve, 'other')}{_line(found.curve, 'first')}"
        f"{_mark(found.held_out, 'other', 'held out')}{_mark(found.trained, 'first', 'chosen')}"
        '</div><p class="rl-say rl-curve-key"><i class="first"></i> the half that chose '
        '<i class="other"></i> the other half. The dots are the chosen threshold.</p>'
    )


def segment(start: PrecisionRecall, end: PrecisionRecall) -> tuple[float, float]:
    """Return a line's length as a share of the box's width, and its angle in degrees, clockwise."""
    right, down = end.recall - start.recall, (start.precision - end.precision) * TALL
    return math.hypot(right, down), math.degrees(math.atan2(down, right))


def _line(points: Sequence[PrecisionRecall], kind: str) -> str:
    parts = []
    for start, end in pairwise(points):
        length, turn = segment(start, end)
        parts.append(
            f'<i class="{kind}" style="{_at(start)};--long:{length:.3%};--turn:{turn:.2f}deg"></i>'
        )
    return "".join(parts)


def _mark(point: PrecisionRecall, kind: str, name: str) -> str:
    title = f"{name}: precision {point.precision:.3f}, recall {point.recall:.3f}"
    return f'<b class="{kind}" style="{_at(point)}" title="{escape(title)}"></b>'


def _at(point: PrecisionRecall) -> str:
    return f"--x:{point.recall:.2%};--y:{point.precision:.2%}"


def _axes() -> str:
    ticks = "".join(
        f'<u style="--y:{at}%"></u><span class="y" style="--y:{at}%">{at / 100:g}</span>'
        f'<span class="x" style="--x:{at}%">{at / 100:g}</span>'
        for at in TICKS
    )
    return f'{ticks}<span class="of-x">recall</span><span class="of-y">precision</span>'
