"""One question asked of several pipelines: the bump chart of their rankings, and the table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from rag.text.plural import plural
from ranklens.comparing import SideBySide, compare, describe_pipeline, grades_of
from ranklens.jobs import Job
from ui.compare import bump, question_box, saved
from ui.shared import drawer, frame, grades, html, jobs, passages, variants

if TYPE_CHECKING:
    from ranklens.library import Library

KIND = "compared"


def show(library: Library) -> None:
    """Ask for a question and pipelines, and show how they rank."""
    question = question_box.box(library)
    chosen = variants.chooser(library.settings, "compared_pipelines", ("none", "current"))
    with st.container(horizontal=True, vertical_alignment="center"):
        one_pool = variants.one_pool("compared_frozen")
        saved.manager(library.settings)
        asked = st.button("Compare", type="primary", icon=":material/compare_arrows:",
                          disabled=not question or not chosen, key="compare")  # fmt: skip
    if asked and chosen:
        pipelines = question_box.with_model(chosen)
        st.session_state[KIND] = Job(
            lambda job: compare(
                library.pipeline,
                pipelines,
                question,
                one_pool,
                on_progress=job.advance,
                stop=job.stop,
            ),
            question,
            unit="pipelines",
        ).start()
        st.rerun()
    job = jobs.followed(st.session_state.get(KIND), KIND, "Not compared")
    if job is not None:
        _shown(library, job.result)
    elif KIND not in st.session_state:
        frame.empty(
            "Nothing compared yet",
            "Type a question, choose two pipelines or more, and see which passages they put where.",
        )


def _shown(library: Library, made: SideBySide) -> None:
    frame.question(made.question)
    if made.note:
        frame.notice(f"{made.note[0].upper()}{made.note[1:]}.")
    found = grades_of(library, made)
    labels = {side.name: describe_pipeline(library.settings, side.name) for side in made.sides}
    columns = [
        bump.BumpColumn(labels[side.name], side.last, side.trace.top)
        for side in made.sides
        if side.trace
    ]
    if columns:
        st.html(bump.drawn(bump.layout(columns), found.relevant))
    html.show("compare/table.html", made=made, labels=labels, scores=found.scores)
    pool = _pool(made)
    none = "This question has no judgements yet; grade passages as you open them."
    frame.say(" ".join(filter(None, (pool, "" if found.judged else none))))
    _drawer(library, made)
    if traces := made.traces:
        grades.on_page(library, {}, traces[0], traces[1:])


def _pool(made: SideBySide) -> str:
    if made.shared_pool is not None:
        return f"All ranked the same {plural(made.shared_pool, 'candidate')}."
    return "Each retrieved candidates of its own." if made.traces else ""


@st.fragment
def _drawer(library: Library, made: SideBySide) -> None:
    """Open the passage that was clicked, in the first pipeline's trace that holds it."""
    if clicked := passages.clicked("compared_passages"):
        chunk_id = clicked.partition("@")[0]
        if trace := made.trace_with(chunk_id):
            drawer.open_passage(library, trace, chunk_id)
