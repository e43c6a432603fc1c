"""Before → after: what the last stage did to the fused order, as a chart and as a table."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from rag.journey import Movement, movements
from rag.text.labels import stage_title
from rag.types import StageName, Trace
from ranklens.viewing import Marker
from ui.shared import frame, slope
from ui.shared.html import show as show_html
from ui.shared.stages import unit


def show(trace: Trace, mark: Marker) -> None:
    """Show how the passages moved; ``mark`` marks the question's words in them."""
    moves = [move for move in movements(trace) if move.after is not None]
    if not moves:
        frame.empty("No passage was found", "Try other words, or add documents about it.")
        return
    for stage in trace.stages:
        if stage.fell_back:
            frame.notice(stage.note, f"{stage_title(stage.name)}: fell back", "warn")
        elif stage.note and stage.name == StageName.FUSED:
            frame.say(f"{stage_title(stage.name)}: {stage.note}.")
    after = f"After: {unit(trace.stages[-1].name, trace)}"
    chart(moves, summary(moves), trace.top, "Before: fused", after, mark)


def chart(
    moves: Sequence[Movement], text: str, top: int, before: str, after: str,
    mark: Marker | None = None,
) -> None:  # fmt: skip
    """Show movements: ``text``, the slope chart, and the table of all of them."""
    frame.say(text)
    st.html(slope.drawn(slope.layout(moves, top), before, after))
    cut = sum(move.is_in for move in moves)
    show_html("shared/movement.html", moves=moves, cut=cut, mark=mark)


def summary(moves: Sequence[Movement]) -> str:
    """Return in one sentence what changed."""
    moved = sum(m.direction != "stayed" for m in moves)
    if not moved:
        return "Nothing moved: the last stage kept the fused order."
    entered, dropped = (sum(m.crossing == kind for m in moves) for kind in ("entered", "dropped"))
    return (
        f"{moved} of {len(moves)} passages moved. {entered} entered what the answer was given, "
        f"{dropped} dropped out."
    )
