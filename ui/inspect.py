"""The Inspect page: where a passage went, why it scored as it did, and how two traces differ."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from rag import trace as traces
from rag.errors import RanklensError
from rag.inspect.places import pipeline_of
from rag.types import Trace
from ui import state
from ui.components import (
    drawer,
    frame,
    grades,
    inspect_compare,
    inspect_passage,
    inspect_pool,
    inspect_traces,
    inspect_where,
    inspect_why,
    passages,
)
from ui.components.inspect_traces import Shown

if TYPE_CHECKING:
    from ingest.library import Library

COMPONENTS = Path(__file__).parent / "components"
PASSAGE, POOL, TWO = "A passage", "The pool", "Two traces"
VIEW = "inspect_view"


def page() -> None:
    """Show the page."""
    library = state.library()
    for name in ("measure.css", "judge.css", "inspect.css"):
        st.html(COMPONENTS / name)
    frame.title("Inspect", "Where a passage went, why it scored as it did, how two traces differ.")
    shown = inspect_traces.chooser(library)
    if shown is None:
        return
    inspect_traces.head(shown)
    if inspect_passage.linked(library, shown.trace):
        st.session_state[VIEW] = PASSAGE
    view = _bar(shown)
    second: Trace | None = None
    try:
        if view == PASSAGE:
            _passage(library, shown)
        elif view == POOL:
            inspect_pool.show(library, pipeline_of(library.pipeline, shown.trace), shown.trace)
        else:
            second = inspect_compare.show(library, shown)
    except RanklensError as error:
        state.problem(error)
    _drawer(library, shown, second)
    grades.on_page(library, {}, shown.trace)


def _bar(shown: Shown) -> str:
    st.session_state.setdefault(VIEW, PASSAGE)
    with st.container(horizontal=True, vertical_alignment="center"):
        view = st.segmented_control("View", (PASSAGE, POOL, TWO), required=True,
                                    key=VIEW, persist_state="session",
                                    label_visibility="collapsed")  # fmt: skip
        st.download_button("Trace", lambda: traces.to_json(shown.trace),
                           f"trace-{shown.trace.settings_digest}.json", "application/json",
                           icon=":material/download:", on_click="ignore", key="inspect_download",
                           help="Everything about this question as one JSON file")  # fmt: skip
    return str(view)


def _passage(library: Library, shown: Shown) -> None:
    chunk = inspect_passage.chooser(library, shown.trace)
    if chunk is None:
        return
    pipeline = pipeline_of(library.pipeline, shown.trace)
    inspect_where.show(library, pipeline, shown.trace, chunk)
    st.html('<h2 class="rl-question rl-why">Why this score</h2>')
    inspect_why.show(library, pipeline, shown.trace, chunk)


@st.fragment
def _drawer(library: Library, shown: Shown, second: Trace | None) -> None:
    """Open the passage whose name was clicked, in the trace that holds it."""
    if clicked := passages.clicked("passages"):
        chunk_id = clicked.partition("@")[0]
        held = {hit.chunk.id for stage in shown.trace.stages for hit in stage.hits}
        trace = shown.trace if chunk_id in held or second is None else second
        drawer.open_passage(library, trace, chunk_id, partial(_follow, library, shown.trace))


def _follow(library: Library, trace: Trace, chunk_id: str) -> None:
    label, icon = "Where it went, and why", ":material/troubleshoot:"
    if st.button(label, icon=icon, on_click=_to, args=(library, trace, chunk_id)):
        st.rerun()


def _to(library: Library, trace: Trace, chunk_id: str) -> None:
    inspect_passage.choose(library, trace, chunk_id)
    st.session_state[VIEW] = PASSAGE


page()
