"""The Ask page: a question, its answer on the left, every ranking behind it on the right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from rag import trace as traces
from rag.errors import RanklensError
from rag.types import Trace
from ui import state
from ui.components import answer, controls, drawer, evidence, latency, passages, question

if TYPE_CHECKING:
    from ingest.library import Library
    from rag.pipeline import Pipeline

NARROWEST = 430


def page() -> None:
    """Show the page."""
    library = state.library()
    asked = question.box(library)
    if not asked:
        return
    with st.container(horizontal=True, vertical_alignment="center", key="controls"):
        options = controls.strip(library)
        download = st.empty()
    grid = st.grid(2, min_column_width=NARROWEST, gap="large")
    left, right = grid.cell(), grid.cell()
    with left:
        slots = answer.head(asked.text)
    try:
        pipeline = library.pipeline.with_settings(**options)
        trace = _trace(slots, pipeline, (asked, tuple(options.items())))
    except RanklensError as error:
        with slots.body:
            state.problem(error)
        slots.foot.empty()
        return
    _drawer(library)
    with right:
        times = evidence.show(trace)
    with left:
        trace = _answered(slots, pipeline, trace)
    latency.show(times, trace)
    _download(download, trace)


def _trace(slots: answer.Slots, pipeline: Pipeline, wanted: tuple[Any, ...]) -> Trace:
    """Return the trace that is shown already, or search where question or options are new."""
    if st.session_state.get("wanted") != wanted:
        answer.searching(slots)
        st.session_state["trace"] = pipeline.search(wanted[0].text)
        st.session_state["wanted"] = wanted
    return st.session_state["trace"]


def _answered(slots: answer.Slots, pipeline: Pipeline, trace: Trace) -> Trace:
    """Show the answer, streaming it where there is none yet; return the trace with it."""
    written = trace.answer or answer.streamed(slots, pipeline, trace)
    trace = st.session_state["trace"] = trace.with_answer(written)
    answer.show(slots, trace, written)
    return trace


@st.fragment
def _drawer(library: Library) -> None:
    """Open the passage whose chip was clicked, without running the page again."""
    if chunk_id := passages.clicked("passages"):
        drawer.open_passage(library, st.session_state["trace"], chunk_id)


def _download(place: st.delta_generator.DeltaGenerator, trace: Trace) -> None:
    place.download_button(
        "Trace",
        traces.to_json(trace),
        file_name=f"trace-{trace.settings_digest}.json",
        mime="application/json",
        icon=":material/download:",
        help="Everything on this page as one JSON file",
        on_click="ignore",
    )


page()
