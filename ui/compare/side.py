"""One question asked of several pipelines: the bump chart of their rankings, and the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from rag.evaluate.experiments.side_by_side import Side, compared, hops_left_out, worth
from rag.text.plural import plural
from ranklens.jobs import Job
from ui.compare import bump, question_box, saved, table
from ui.shared import drawer, frame, grades, jobs, passages, variants
from ui.shared.frame import escape

if TYPE_CHECKING:
    from ranklens.library import Library

KIND = "compared"


def show(library: Library) -> None:
    """Ask for a question and pipelines, and show how they rank."""
    question = question_box.box(library)
    chosen = variants.chooser(library.settings, "compared_pipelines", ("none", "current"))
    with st.container(horizontal=True, vertical_alignment="center"):
        frozen = variants.one_pool("compared_frozen")
        saved.manager(library)
        asked = st.button("Compare", type="primary", icon=":material/compare_arrows:",
                          disabled=not question or not chosen, key="compare")  # fmt: skip
    if asked and chosen:
        st.session_state[KIND] = started(library, question, chosen, frozen)
        st.rerun()
    job = jobs.followed(st.session_state.get(KIND), KIND, "Not compared")
    if job is not None:
        _shown(library, job.what, *job.result)
    elif KIND not in st.session_state:
        frame.empty(
            "Nothing compared yet",
            "Type a question, choose two pipelines or more, and see which passages they put where.",
        )


def started(library: Library, question: str, chosen: variants.Variants, frozen: bool) -> Job:
    """Ask the question of every pipeline in the background; the result is (sides, a note)."""
    pipeline = question_box.pipeline(library)

    def work(job: Job) -> tuple[tuple[Side, ...], str]:
        note = hops_left_out(pipeline, chosen, frozen)
        done = compared(
            pipeline, chosen, question, frozen, on_progress=job.advance, stop=job.stop
        )  # fmt: skip
        return done, note

    return Job(work, question, unit="pipelines").start()


def _shown(library: Library, question: str, sides: Sequence[Side], note: str) -> None:
    st.html(f'<h2 class="rl-question">{escape(question)}</h2>')
    if note:
        frame.notice(f"{note[0].upper()}{note[1:]}.")
    judged = library.judgements.grades([question])
    given = judged.grades.get(question, {})
    columns = [
        bump.Column(side.name, side.last, int(side.trace.settings.get("top", 5)))
        for side in sides
        if side.trace
    ]
    if columns:
        relevant = {
            hit.chunk.id
            for column in columns
            for hit in column.hits
            if given.get(hit.chunk.document if judged.unit == "document" else hit.chunk.id, 0) > 0
        }
        st.html(bump.drawn(bump.layout(columns), relevant) + bump.LEGEND)
    st.html(table.shown(sides, worth(sides, given, judged.unit)))
    pool = _pools(sides)
    say = "" if given else " This question has no judgements yet; grade passages as you open them."
    st.html(f'<p class="rl-say">{pool}{say}</p>')
    _drawer(library, sides)
    if traces := [side.trace for side in sides if side.trace]:
        grades.on_page(library, {}, traces[0], traces[1:])


def _pools(sides: Sequence[Side]) -> str:
    """Say whether all ranked the same candidates."""
    pools = {frozenset(hit.chunk.id for hit in side.last) for side in sides if side.trace}
    if len(pools) == 1:
        return f"All ranked the same {plural(len(next(iter(pools))), 'candidate')}."
    return "Each retrieved candidates of its own." if pools else ""


@st.fragment
def _drawer(library: Library, sides: Sequence[Side]) -> None:
    """Open the passage that was clicked, in the first pipeline's trace that holds it."""
    if clicked := passages.clicked("compared_passages"):
        chunk_id = clicked.partition("@")[0]
        for side in sides:
            if side.trace and any(
                h.chunk.id == chunk_id for s in side.trace.stages for h in s.hits
            ):
                drawer.open_passage(library, side.trace, chunk_id)
                return
