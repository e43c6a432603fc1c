"""The slope chart: each passage's place before and after reranking, and the line between them.

Rows are laid out here and drawn as plain HTML: labels stay in rows of their own, so they cannot
overlap, they are cut if the page is narrow, and each opens its passage. Direction shows in colour
and in the line's pattern, crossing the cut in its weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from rag.journey import Movement
from rag.types import Chunk
from ui.shared.html import render

EXTRA = 3
FEWEST = 8


@dataclass(frozen=True, slots=True)
class Label:
    """A passage's label: its rank there (None if it is in no ranking) and a class for it."""

    chunk: Chunk
    rank: int | None
    inside: bool
    mark: str = ""


@dataclass(frozen=True, slots=True)
class SlopeLine:
    """A line from row ``left`` to row ``right`` (from 0), with its movement."""

    movement: Movement
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class SlopeLayout:
    """Two columns of labels of the same passages, and the lines between them."""

    left: tuple[Label, ...]
    right: tuple[Label, ...]
    lines: tuple[SlopeLine, ...]


def layout(moves: Sequence[Movement], top: int) -> SlopeLayout:
    """Choose the passages near the top of either ranking and give each a row on both sides."""
    near = max(top + EXTRA, FEWEST)
    shown = [m for m in moves if min(m.before or near + 1, m.after or near + 1) <= near]
    last = len(moves) + 1
    left = sorted(shown, key=lambda m: m.before or last)
    right = sorted(shown, key=lambda m: m.after or last)
    rows = {m.chunk.id: row for row, m in enumerate(right)}
    return SlopeLayout(
        tuple(Label(m.chunk, m.before, m.was_in) for m in left),
        tuple(Label(m.chunk, m.after, m.is_in) for m in right),
        tuple(SlopeLine(m, row, rows[m.chunk.id]) for row, m in enumerate(left)),
    )


def drawn(plan: SlopeLayout, before: str, after: str) -> Markup:
    """Return the chart with its legend as HTML; ``before`` and ``after`` head its columns."""
    # What crossed the cut is drawn last, so that it lies on top.
    lines = sorted(plan.lines, key=lambda line: bool(line.movement.crossing))
    sides = (plan.left, plan.right)
    return render(
        "shared/slope_chart.html",
        plan=plan,
        lines=lines,
        heads=(before, after),
        cuts=[sum(label.inside for label in side) / len(side) for side in sides],
    )
