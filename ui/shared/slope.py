"""The slope chart: each passage's place before and after reranking, and the line between them.

Rows are laid out here and drawn as plain HTML: labels stay in rows of their own, so they cannot
overlap, they are cut where the page is narrow, and each opens its passage. Direction shows in
colour and in the line's pattern, crossing the cut in its weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.journey import Movement
from rag.types import Chunk
from ui.shared.passages import opener

EXTRA = 3
FEWEST = 8


@dataclass(frozen=True, slots=True)
class Row:
    """A label: which passage, its rank there (None where it is in no ranking), a class for it."""

    chunk: Chunk
    rank: int | None
    inside: bool
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """A line from row ``left`` to row ``right`` (from 0), with its movement."""

    movement: Movement
    left: int
    right: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Two columns of rows of the same passages, and the lines between them."""

    left: tuple[Row, ...]
    right: tuple[Row, ...]
    lines: tuple[Line, ...]


def layout(moves: Sequence[Movement], top: int) -> Layout:
    """Choose the passages near the top of either ranking and give each a row on both sides."""
    near = max(top + EXTRA, FEWEST)
    shown = [m for m in moves if min(m.before or near + 1, m.after or near + 1) <= near]
    last = len(moves) + 1
    left = sorted(shown, key=lambda m: m.before or last)
    right = sorted(shown, key=lambda m: m.after or last)
    rows = {m.chunk.id: row for row, m in enumerate(right)}
    return Layout(
        tuple(Row(m.chunk, m.before, m.was_in) for m in left),
        tuple(Row(m.chunk, m.after, m.is_in) for m in right),
        tuple(Line(m, row, rows[m.chunk.id]) for row, m in enumerate(left)),
    )


def drawn(plan: Layout, before: str, after: str) -> str:
    """Return the chart as HTML; ``before`` and ``after`` head its columns (as HTML)."""
    count = len(plan.left)
    lines = "".join(_line(line, count) for line in sorted(plan.lines, key=_weight))
    left, right = (sum(row.inside for row in side) / count for side in (plan.left, plan.right))
    return (
        '<div class="rl-slope">'
        f'<div class="head left">{before}</div><div></div><div class="head">{after}</div>'
        f'<div class="side left">{labels(plan.left)}{_cut(left)}</div>'
        f'<div class="lines" aria-hidden="true">{lines}{strip("cut", left, right, "0.75px")}</div>'
        f'<div class="side">{labels(plan.right)}{_cut(right)}</div></div>'
    )


LEGEND = (
    '<div class="rl-legend"><span><i class="entered"></i>entered the answer’s passages</span>'
    '<span><i class="dropped"></i>dropped out of them</span><span><i class="rose"></i>rose</span>'
    '<span><i class="fell"></i>fell</span><span><i></i>same rank</span>'
    '<span><i class="cut"></i>cut: what is above it goes to the answer</span></div>'
)


def _weight(line: Line) -> int:
    """Draw what crossed the cut last, so that it lies on top."""
    return bool(line.movement.crossing)


def _line(line: Line, count: int) -> str:
    half = "2px" if line.movement.crossing else "1px"
    kind = f"{line.movement.direction} {line.movement.crossing}".strip()
    return strip(kind, (line.left + 0.5) / count, (line.right + 0.5) / count, half)


def strip(kind: str, left: float, right: float, half: str) -> str:
    """Draw a line from the left edge to the right one, cut out of a box that fills the chart.

    ``left`` and ``right`` are heights as shares of the box; ``half`` is half the line's width.
    """
    shape = (
        f"polygon(0 calc({left:.4%} - {half}), 100% calc({right:.4%} - {half}), "
        f"100% calc({right:.4%} + {half}), 0 calc({left:.4%} + {half}))"
    )
    return f'<i class="{kind}" style="clip-path:{shape}"></i>'


def _cut(share: float) -> str:
    return f'<hr class="cut" style="top:{share:.4%}">'


def labels(rows: Sequence[Row], below: bool = True) -> str:
    """Return the names of a column's passages, each beside its rank, as HTML."""
    return "".join(
        f'<div class="{"in" if row.inside else "out"} {row.mark}">'
        f'<span class="rank rl-num">{row.rank or "–"}</span>{opener(row.chunk, below)}</div>'
        for row in rows
    )
