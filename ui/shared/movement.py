"""Before → after: what the last stage did to the fused order, as a chart and as a table."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rag.journey import Movement, movements
from rag.types import Trace
from ui.shared import frame, slope
from ui.shared.frame import escape
from ui.shared.passages import opener, table
from ui.shared.stages import title, unit

ARROWS = {"rose": "▲", "fell": "▼", "stayed": "="}
TAGS = {"entered": "entered", "dropped": "dropped out"}


def show(trace: Trace) -> None:
    """Show how the passages moved."""
    moves = [move for move in movements(trace) if move.after is not None]
    if not moves:
        frame.empty("No passage was found", "Try other words, or add documents that speak of it.")
        return
    for stage in trace.stages:
        if stage.fell_back:
            frame.notice(stage.note, f"{title(stage.name)}: fell back", "warn")
    st.html(f'<p class="rl-say">{escape(summary(moves))}</p>')
    last = trace.stages[-1]
    plan = slope.layout(moves, int(trace.settings["top"]))
    after = f"After: {escape(unit(last.name, trace))}"
    st.html(slope.drawn(plan, "Before: fused", after) + slope.LEGEND)
    st.html(rows_of(moves))


def summary(moves: Sequence[Movement]) -> str:
    """Say in one sentence what changed, as text."""
    moved = sum(m.direction != "stayed" for m in moves)
    if not moved:
        return "Nothing moved: the last stage kept the fused order."
    entered, dropped = (sum(m.crossing == kind for m in moves) for kind in TAGS)
    return (
        f"{moved} of {len(moves)} passages moved. {entered} entered what the answer was given, "
        f"{dropped} dropped out."
    )


def rows_of(moves: Sequence[Movement]) -> str:
    """Return the table of all movements as HTML, a dashed line below what the answer was given."""
    head = (
        '<th class="right">Before</th><th class="right">After</th><th>Moved</th>'
        "<th>Passage</th><th></th>"
    )
    inside = sum(move.is_in for move in moves)
    return table(head, [_row(move, cut=0 < at == inside) for at, move in enumerate(moves)])


def _row(move: Movement, cut: bool) -> str:
    shift = "new" if move.before is None else abs(move.shift or 0) or ""
    tag = TAGS.get(move.crossing)
    badge = f'<span class="rl-tag {move.crossing}">{tag}</span>' if tag else ""
    return (
        f'<tr class="{"cut" if cut else ""}"><td class="right rl-num">{move.before or "–"}</td>'
        f'<td class="right rl-num"><b>{move.after or "–"}</b></td>'
        f'<td class="rl-move rl-num {move.direction}">{ARROWS[move.direction]} {shift}</td>'
        f"<td>{opener(move.chunk, below=True)}</td>"
        f'<td class="right">{badge}</td></tr>'
    )
