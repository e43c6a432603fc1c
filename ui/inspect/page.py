"""The Inspect page: where a passage went, why it scored as it did, and how two traces differ."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.evaluate.reports.rendering import STYLE
from rag.types import Trace
from ranklens.inspecting import Inspection, stamp
from ui.inspect import compare, passage, pool, shown_trace, where, why
from ui.inspect.shown_trace import ShownTrace
from ui.shared import drawer, frame, grades, passages, state, trace_file

if TYPE_CHECKING:
    from ranklens.library import Library

STYLES = (STYLE, "shared/judge.css", "inspect/inspect.css")
PASSAGE, POOL, TWO = "A passage", "The pool", "Two traces"
VIEW = "inspect_view"


def page() -> None:
    """Show the page."""
    library = state.library()
    frame.style(*STYLES)
    frame.title("Inspect", "Where a passage went, why it scored as it did, how two traces differ.")
    shown = shown_trace.chooser(library)
    if shown is None:
        return
    shown_trace.head(shown)
    if passage.linked(library, shown.trace):
        st.session_state[VIEW] = PASSAGE
    view = _bar(shown)
    second: Trace | None = None
    try:
        if view == PASSAGE:
            _passage(library, shown)
        elif view == POOL:
            pool.show(_inspection(stamp(library, shown.trace), library, shown.trace))
        else:
            second = compare.show(library, shown)
    except RanklensError as error:
        state.problem(error)
    _drawer(library, shown, second)
    grades.on_page(library, {}, shown.trace)


def _bar(shown: ShownTrace) -> str:
    st.session_state.setdefault(VIEW, PASSAGE)
    with st.container(horizontal=True, vertical_alignment="center"):
        view = st.segmented_control("View", (PASSAGE, POOL, TWO), required=True,
                                    key=VIEW, persist_state="session",
                                    label_visibility="collapsed")  # fmt: skip
        trace_file.download(shown.trace, "inspect_download")
    return str(view)


def _passage(library: Library, shown: ShownTrace) -> None:
    chunk = passage.chooser(library, shown.trace)
    if chunk is None:
        return
    inspection = _inspection(stamp(library, shown.trace), library, shown.trace)
    where.show(inspection, chunk)
    why.show(inspection, chunk)


@st.cache_resource(max_entries=2, show_spinner=False)
def _inspection(key: int, _library: Library, _trace: Trace) -> Inspection:
    """Return what is worked out about a trace, kept while neither it nor the library changes."""
    return Inspection(_library, _trace)


@st.fragment
def _drawer(library: Library, shown: ShownTrace, second: Trace | None) -> None:
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
    passage.choose(library, trace, chunk_id)
    st.session_state[VIEW] = PASSAGE


page()
