"""The Inspect page: where a passage went, why it scored as it did, and how two traces differ."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from rag.errors import RanklensError
from rag.evaluate.reports.rendering import STYLE
from rag.types import Trace
from ranklens import viewing
from ranklens.inspecting import Inspection, stamp
from ui.inspect import compare, passage, pool, shown_trace, where, why
from ui.inspect.shown_trace import ShownTrace
from ui.shared import address, drawer, frame, grades, passages, state, trace_file

if TYPE_CHECKING:
    from ranklens.library import Library

STYLES = (STYLE, "shared/judge.css", "inspect/inspect.css")
PASSAGE, POOL, TWO = "A passage", "The pool", "Two traces"
VIEWS = {PASSAGE: "", POOL: "pool", TWO: "two"}  # as the address names them
PAGE, VIEW = "inspect", "inspect_view"


def page() -> None:
    """Show the page."""
    library = state.library()
    frame.style(*STYLES)
    frame.title("Inspect", "Where a passage went, why it scored as it did, how two traces differ.")
    named = address.arrived(PAGE)
    shown = shown_trace.chooser(library, named.get("turn", ""))
    if shown is None:
        return
    shown_trace.head(shown)
    if named:
        _arrived(library, shown, named)
    verdict = st.container()  # above everything that leads to it
    view = _bar(library, shown)
    second: Trace | None = None
    try:
        if view == PASSAGE:
            _passage(library, shown, verdict)
        elif view == POOL:
            mark = viewing.marker(library, shown.trace.question)
            pool.show(_inspection(_stamp(library, shown), library, shown), mark)
        else:
            second = compare.show(library, shown)
    except RanklensError as error:
        state.problem(error)
    if view != PASSAGE:
        of_two = compare.chosen() if view == TWO else {}
        address.write(PAGE, turn=shown.turn, view=VIEWS[view], **of_two)
    _drawer(library, shown, second)
    grades.on_page(library, {}, shown.trace)


def _arrived(library: Library, shown: ShownTrace, named: Mapping[str, str]) -> None:
    """Choose what the address names beside the trace; what it does not name is as at the start."""
    passage.choose(library, shown.trace, named.get("passage", ""))
    wanted = next((view for view, name in VIEWS.items() if name == named.get("view", "")), PASSAGE)
    st.session_state[VIEW] = wanted
    if wanted == TWO:
        compare.choose(named)


def _bar(library: Library, shown: ShownTrace) -> str:
    st.session_state.setdefault(VIEW, PASSAGE)
    with st.container(horizontal=True, vertical_alignment="center"):
        view = st.segmented_control("View", (PASSAGE, POOL, TWO), required=True,
                                    key=VIEW, persist_state="session",
                                    label_visibility="collapsed")  # fmt: skip
        trace_file.download(library, shown.trace, "inspect_download")
    return str(view)


def _passage(library: Library, shown: ShownTrace, verdict: DeltaGenerator) -> None:
    """Follow a passage; the address names it unless it is the one that is followed at the start."""
    chunk = passage.chooser(library, shown.trace)
    linked = chunk is not None and st.query_params.get("passage") == chunk.id
    named = chunk and (linked or not passage.is_first(shown.trace, chunk))
    address.write(PAGE, turn=shown.turn, passage=chunk.id if chunk and named else None)
    if chunk is None:
        return
    inspection = _inspection(_stamp(library, shown), library, shown)
    where.show(inspection, chunk, verdict, viewing.marker(library, shown.trace.question))
    why.show(inspection, chunk)


def _stamp(library: Library, shown: ShownTrace) -> int:
    return stamp(library, shown.trace, shown.collection.name)


@st.cache_resource(max_entries=2, show_spinner=False)
def _inspection(key: int, _library: Library, _shown: ShownTrace) -> Inspection:
    """Return what is worked out about a trace, kept while neither it nor the library changes."""
    return Inspection(_library, _shown.trace, _shown.collection.name)


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
