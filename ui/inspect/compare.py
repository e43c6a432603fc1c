"""Two traces side by side: settings that differ, passages that moved, times of the stages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.evaluate.experiments.pipelines import resolve
from rag.inspect import compare
from rag.inspect.places import pipeline_of
from rag.journey import Movement
from rag.types import Trace
from ui.inspect import shown_trace
from ui.inspect.shown_trace import Shown
from ui.shared import frame, movement, state, variants
from ui.shared.frame import escape
from ui.shared.passages import table
from ui.shared.stages import duration, title

if TYPE_CHECKING:
    from ranklens.library import Library

PIPELINE, TURN, FILE = "Another pipeline", "Another question", "A file"
_HELD = "inspect_other"


def show(library: Library, first: Shown) -> Trace | None:
    """Offer the second trace and show what differs; return it where there is one."""
    way = st.segmented_control("Compare with", (PIPELINE, TURN, FILE), default=PIPELINE,
                               key="inspect_with", required=True,
                               persist_state="session")  # fmt: skip
    second = {PIPELINE: _pipeline, TURN: _turn, FILE: _file}[str(way)](library, first)
    if second is None:
        return None
    if second.trace.question != first.trace.question:
        frame.notice("The two traces are of different questions.", tone="warn")
    st.html(f'<p class="rl-say">First: <b>{escape(first.name)}</b>. '
            f"Second: <b>{escape(second.name)}</b>.</p>")  # fmt: skip
    _settings(first.trace, second.trace)
    _moves(first.trace, second.trace)
    _times(first.trace, second.trace)
    return second.trace


def _pipeline(library: Library, first: Shown) -> Shown | None:
    """Ask the same question now with other settings; the answer is held for this trace."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        try:
            name = st.selectbox("Pipeline", variants.choices(library.settings),
                                key="inspect_pipeline", persist_state="session",
                                accept_new_options=True,
                                help="Or options such as pool=100,reranker=none")  # fmt: skip
        except RanklensError as error:
            state.problem(error)
            return None
        asked = st.button("Ask now", type="primary", icon=":material/play_arrow:",
                          key="inspect_ask")  # fmt: skip
    digest = first.trace.settings_digest
    if asked and name:
        try:
            (options,) = resolve(library.settings, [name]).values()
            pipeline = library.pipeline.with_settings(**options)
            within = pipeline_of(library.pipeline, first.trace).asked_within
            with st.spinner("Searching…"):
                trace = pipeline.within(within).search(first.trace.question)
            st.session_state[_HELD] = (digest, first.trace.question, Shown(trace, f"{name}, now"))
        except RanklensError as error:
            state.problem(error)
            return None
    held = st.session_state.get(_HELD)
    return held[2] if held and held[:2] == (digest, first.trace.question) else None


def _turn(library: Library, first: Shown) -> Shown | None:
    others = {t: label for t, label in shown_trace.kept(library).items() if t != first.turn}
    chosen = shown_trace.select("Second question", others, "inspect_second_turn")
    if chosen is None:
        frame.notice("There is no other question yet.")
        return None
    return shown_trace.resolved(library, chosen)


def _file(library: Library, first: Shown) -> Shown | None:
    shown_trace.take("inspect_second_file")
    held: shown_trace.Held | None = st.session_state.get("inspect_second_file")
    return Shown(held[1], held[0]) if held else None


def _settings(first: Trace, second: Trace) -> None:
    found = compare.differences(first, second)
    st.html('<h3 class="rl-label">Settings that differ</h3>')
    if not found:
        st.html('<p class="rl-say">None: both were asked with the same settings.</p>')
        return
    rows = [
        f"<tr><td>{escape(one.name)}</td><td>{escape(_value(one.first))}</td>"
        f"<td>{escape(_value(one.second))}</td></tr>"
        for one in found
    ]
    st.html(table("<th>Setting</th><th>First</th><th>Second</th>", rows))


def _moves(first: Trace, second: Trace) -> None:
    moves = compare.moved(first, second)
    st.html('<h3 class="rl-label">Passages that moved</h3>')
    if not moves:
        st.html('<p class="rl-say">Neither found a passage.</p>')
        return
    top = max(len(first.evidence), len(second.evidence))
    movement.chart(moves, told(moves), top, "First", "Second")


def told(moves: Sequence[Movement]) -> str:
    """Say in one sentence what differs between two last rankings."""
    both = [move for move in moves if move.shift is not None]
    rose, fell = (sum(m.direction == kind for m in both) for kind in ("rose", "fell"))
    new, gone = (sum(getattr(m, side) is None for m in moves) for side in ("before", "after"))
    entered, dropped = (sum(m.crossing == kind for m in moves) for kind in ("entered", "dropped"))
    return (
        f"{rose} rose, {fell} fell, {new} only the second one ranks, {gone} "
        f"only the first. {entered} entered what the answer is given, {dropped} dropped out."
    )


def _times(first: Trace, second: Trace) -> None:
    rows = [
        f"<tr><td>{escape(title(one.stage))}</td>"
        + "".join(
            f'<td class="right rl-num">{"–" if s is None else duration(s)}</td>'
            for s in (one.first, one.second)
        )
        + "</tr>"
        for one in compare.times(first, second)
    ]
    head = '<th>Stage</th><th class="right">First</th><th class="right">Second</th>'
    st.html('<h3 class="rl-label">Time of each stage</h3>' + table(head, rows))


def _value(value: object) -> str:
    return "none" if value is None or value == "" else str(value)
