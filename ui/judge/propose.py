"""A language model proposes grades of a set's pooled passages, in the background."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from ranklens import background, job_kinds, judging
from ranklens.judging import Question
from ui.judge import model
from ui.judge.pool import DEPTHS
from ui.shared import frame, jobs, variants

if TYPE_CHECKING:
    from ranklens.library import Library

JOB = job_kinds.PROPOSE
WHICH = ("Not judged yet", "All")
NOTHING = (
    f"Nothing was left to grade. Of questions that a person or a file has judged, “{WHICH[1]}” "
    "takes the passages too that this model has not graded."
)


def show(library: Library, name: str, questions: Sequence[Question]) -> None:
    """Offer to let the model grade, show how far it is, and what it came to."""
    frame.label("Let a model propose grades")
    frame.say(
        "It reads the first passages of the chosen pipelines and gives each a grade with a reason. "
        "Its grades are kept under its name and never counted as people's; under Judgements you "
        "see how far they agree. The passages are sent to the model's server."
    )
    if (settings := model.settings_or_advice(library)) is None:
        return
    left, right = st.columns((5, 1), vertical_alignment="bottom")
    with left:
        chosen = variants.chooser(library.settings, "propose_pipelines", ("current", "none"))
    depth = right.selectbox("Depth", DEPTHS, 1, key="propose_depth", persist_state="session",
                            help="First passages of every stage that are graded")  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        which = st.selectbox("Questions", WHICH, key="propose_which", width=180)
        most = int(st.number_input("At most", 1, value=20, key="propose_most", width=140))
        pressed = st.button("Propose grades", type="primary", icon=":material/smart_toy:",
                            key="propose", disabled=library.jobs.busy or not chosen)  # fmt: skip
    if pressed and chosen:
        asked = questions if which == WHICH[1] else judging.unjudged(library, questions)
        background.propose_grades(library, settings, chosen, name, asked[:most], depth)
        st.rerun()
    job = jobs.follow(library, JOB, "No grades were proposed")
    if job is not None:
        model.show_outcome(job.what, job.result, "graded", NOTHING)
