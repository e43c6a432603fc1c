"""Answers that a model grades: measures, agreement with people, and claims without support."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import streamlit as st

from ranklens import background, graded_answers, job_kinds
from ranklens.comparing import describe_pipeline, pipeline_names, resolve
from ranklens.graded_answers import AnswersGraded
from ui.judge import model
from ui.shared import frame, jobs, state

if TYPE_CHECKING:
    from ranklens.library import Library

COLUMNS = {
    "measure": "Measure", "mean": "Mean", "low": "From", "high": "To", "answers": "Answers",
    "what": "What it measures",
}  # fmt: skip
SHOWN = 100


def show(library: Library, name: str) -> None:
    """Offer to grade the answers to a set's questions, and show what the model made of them."""
    frame.say(
        "The pipeline answers every question of the set; a language model lists the claims of each "
        "answer and whether the evidence supports them. Answers and passages are sent to the "
        "model's server. A call that fails leaves its value unknown."
    )
    if not state.settings(library).llm_model:
        frame.say(model.NO_MODEL)
        return
    if (settings := model.settings_or_advice(library)) is None:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        names = pipeline_names(library.settings)
        chosen = st.selectbox("Pipeline", names, key="answers_pipeline", width=300,
                              format_func=partial(describe_pipeline, library.settings))  # fmt: skip
        most = int(st.number_input("At most", 1, value=20, key="answers_most", width=140))
        if st.button("Grade answers", icon=":material/fact_check:", key="grade_answers",
                     disabled=library.jobs.busy):  # fmt: skip
            options = resolve(library.settings, [chosen])[chosen]
            background.grade_answers(library, settings, name, options, most)
            st.rerun()
    job = jobs.follow(library, job_kinds.ANSWERS, "No answers were graded")
    if job is not None and isinstance(job.result, AnswersGraded) and job.result.name == name:
        _show(job.what, job.result)


def _show(what: str, found: AnswersGraded) -> None:
    model.show_outcome(what, found.outcome, "calls")
    st.dataframe(
        [{COLUMNS[key]: value for key, value in row.items()} for row in graded_answers.rows(found)],
        column_config={
            title: st.column_config.NumberColumn(format="%.3f") for title in ("Mean", "From", "To")
        },
        hide_index=True,
        key="graded_answers",
    )
    for line in graded_answers.summary(found):
        frame.say(line)
    if claims := graded_answers.unsupported(found)[:SHOWN]:
        frame.label("Claims without support", "h3")
        st.dataframe(
            [{"Question": q, "Claim": claim, "Missing": missing} for q, claim, missing in claims],
            hide_index=True,
            key="unsupported_claims",
        )
