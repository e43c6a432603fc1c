"""The questions that a comparison helps and hurts most, down to both traces."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.evaluate.reports.changes import most_changed
from rag.evaluate.reports.rendering import part
from rag.evaluate.reports.verdict import main_comparison, pipeline_label, verdict
from rag.types import Trace
from ranklens import viewing
from ranklens.measuring import Evaluation, Figures, search_again
from ui.shared import frame, grades, movement, state, trace_file
from ui.shared.html import macro

if TYPE_CHECKING:
    from ranklens.library import Library


def show(library: Library, found: Figures) -> None:
    """Show the questions that changed most in a comparison, the gains first."""
    main = main_comparison(found)
    if main is None:
        return
    frame.label("The questions that changed most", "h3")
    names = [verdict(one, found).compared for one in found.comparisons]
    chosen = st.selectbox("Comparison", range(len(names)), found.comparisons.index(main),
                          format_func=lambda at: names[at], key="shown_comparison")  # fmt: skip
    comparison = found.comparisons[chosen]
    frame.say(verdict(comparison, found).sentence)
    changed = most_changed(found, comparison)
    if not changed:
        return
    st.html(part("changed")(changed))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        texts = [one.question.text for one in changed]
        question = st.selectbox("Question", texts, key="traced_question")
        clicked = st.button("Both traces", key="traces", icon=":material/compare_arrows:")
    if clicked:
        pipelines = tuple(dict.fromkeys((comparison.before[0], comparison.after[0])))
        _both(library, found.evaluation, question, pipelines)


@st.dialog("Both traces", width="large", icon=":material/compare_arrows:")
def _both(
    library: Library, evaluation: Evaluation, question: str, pipelines: tuple[str, ...]
) -> None:
    """Search for the question once more with the settings that were measured."""
    frame.dress_dialog()
    st.html(macro("question")(question))
    traces: list[Trace] = []
    tabs = st.tabs([frame.plain(pipeline_label(evaluation.run(name))) for name in pipelines])
    for name, tab in zip(pipelines, tabs, strict=True):
        with tab:
            try:
                trace = search_again(library, evaluation, name, question)
            except RanklensError as error:
                state.problem(error)
                continue
            traces.append(trace)
            movement.show(trace, viewing.marker(library, question))
            trace_file.download(library, trace, f"trace_of_{name}")
    if traces:
        grades.on_page(library, {}, traces[0], traces[1:])
