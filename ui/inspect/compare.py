"""Two traces side by side: settings that differ, passages that moved, times of the stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.journey import Movement
from rag.types import Trace
from ranklens import inspecting
from ranklens.comparing import describe_pipeline, pipeline_names
from ui.inspect import shown_trace
from ui.inspect.shown_trace import HeldFile, ShownTrace
from ui.shared import address, frame, movement, state
from ui.shared.html import show as show_html

if TYPE_CHECKING:
    from ranklens.library import Library

PIPELINE, TURN, FILE = "Another pipeline", "Another question", "A file"
_HELD = "inspect_other"
_WITH, _NAME, _SECOND = "inspect_with", "inspect_pipeline", "inspect_second_turn"


def choose(named: Mapping[str, str]) -> None:
    """Choose the second trace that an address names."""
    if second := address.number(named.get("second", "")):
        st.session_state[_WITH], st.session_state[_SECOND] = TURN, second
    elif against := named.get("against", ""):
        st.session_state[_WITH], st.session_state[_NAME] = PIPELINE, against


def chosen() -> dict[str, str | int | None]:
    """Return the second trace as an address names it; a file has no address."""
    way = st.session_state.get(_WITH)
    if way == TURN:
        return {"second": st.session_state.get(_SECOND)}
    return {"against": st.session_state.get(_NAME)} if way == PIPELINE else {}


def show(library: Library, first: ShownTrace) -> Trace | None:
    """Offer the second trace and show what differs; return it if there is one."""
    st.session_state.setdefault(_WITH, PIPELINE)
    way = st.segmented_control("Compare with", (PIPELINE, TURN, FILE), key=_WITH, required=True,
                               persist_state="session")  # fmt: skip
    second = {PIPELINE: _pipeline, TURN: _turn, FILE: _file}[str(way)](library, first)
    if second is None:
        return None
    if second.trace.question != first.trace.question:
        frame.notice("The two traces are of different questions.", tone="warn")
    show_html("inspect/names.html", first=first.name, second=second.name)
    _differences(first.trace, second.trace)
    return second.trace


def _pipeline(library: Library, first: ShownTrace) -> ShownTrace | None:
    """Ask the same question now with other settings; the answer is held for this trace.

    It starts with the pipeline that shows most beside the trace. One that calls a provider is asked
    when the button is pressed, any other one at once.
    """
    if not st.session_state.get(_NAME):
        st.session_state[_NAME] = inspecting.useful_pipeline(library, first.trace)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        try:
            name = st.selectbox("Pipeline", pipeline_names(library.settings),
                                key=_NAME, persist_state="session",
                                accept_new_options=True,
                                format_func=partial(describe_pipeline, library.settings),
                                help="Or options such as pool=100,reranker=none")  # fmt: skip
        except RanklensError as error:
            state.problem(error)
            return None
        asked = st.button("Ask now", type="primary", icon=":material/play_arrow:",
                          key="inspect_ask")  # fmt: skip
    if not name:
        return None
    made_of = (first.trace.settings_digest, first.trace.question, name)
    held = st.session_state.get(_HELD)
    try:
        if asked or ((not held or held[0] != made_of) and not inspecting.is_remote(library, name)):
            with st.spinner("Searching…"):
                within = first.collection
                trace = inspecting.search_with(library, first.trace, name, within.name)
            called = f"{describe_pipeline(library.settings, name)}, now"
            held = st.session_state[_HELD] = (made_of, ShownTrace(trace, called, within))
    except RanklensError as error:
        state.problem(error)
        return None
    return held[1] if held and held[0] == made_of else None


def _turn(library: Library, first: ShownTrace) -> ShownTrace | None:
    others = {t: label for t, label in shown_trace.kept(library).items() if t != first.turn}
    if (linked := st.session_state.get(_SECOND)) != first.turn:
        shown_trace.add(library, others, linked)
    second = shown_trace.select("Second question", others, _SECOND)
    if second is None:
        frame.notice("There is no other question yet.")
        return None
    return shown_trace.resolved(library, second)


def _file(library: Library, first: ShownTrace) -> ShownTrace | None:
    shown_trace.take("inspect_second_file")
    held: HeldFile | None = st.session_state.get("inspect_second_file")
    return shown_trace.of_file(library, held)


def _differences(first: Trace, second: Trace) -> None:
    found = inspecting.compared(first, second)
    frame.label("Settings that differ", "h3")
    show_html("inspect/settings.html", differences=found.settings)
    frame.label("Passages that moved", "h3")
    if found.moves:
        top = max(len(first.evidence), len(second.evidence))
        movement.chart(found.moves, summary(found.moves), top, "First", "Second")
    else:
        frame.say("Neither found a passage.")
    show_html("inspect/times.html", times=found.times)


def summary(moves: Sequence[Movement]) -> str:
    """Return in one sentence what differs between two last rankings."""
    both = [move for move in moves if move.shift is not None]
    rose, fell = (sum(m.direction == kind for m in both) for kind in ("rose", "fell"))
    new, gone = (sum(getattr(m, side) is None for m in moves) for side in ("before", "after"))
    entered, dropped = (sum(m.crossing == kind for m in moves) for kind in ("entered", "dropped"))
    return (
        f"{rose} rose, {fell} fell, {new} only the second one ranks, {gone} "
        f"only the first. {entered} entered what the answer is given, {dropped} dropped out."
    )
