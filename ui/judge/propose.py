"""A language model proposes grades of a set's pooled passages, in the background."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import streamlit as st

from rag.evaluate.asking import CallsOutcome
from rag.evaluate.data import Question
from rag.evaluate.judgements.proposals import propose, to_grade
from rag.evaluate.judgements.record import same_words
from rag.llm.client import LanguageModel
from ranklens.jobs import Job, Work
from ui.judge.pool import DEPTHS
from ui.shared import asking_model, jobs, variants
from ui.shared.frame import escape

if TYPE_CHECKING:
    from ranklens.library import Library

KIND = "propose"
WHICH = ("Not judged yet", "All")
NOTHING = (
    f"Nothing was left to grade. Of questions that a person or a file has judged, “{WHICH[1]}” "
    "takes the passages too that this model has not graded."
)


def show(library: Library, name: str, questions: Sequence[Question]) -> None:
    """Offer to let the model grade, show how far it is, and what it came to."""
    st.html(
        '<h2 class="rl-label">Let a model propose grades</h2><p class="rl-say">It reads the first '
        "passages of the chosen pipelines and gives each a grade with a reason. Its grades are "
        "kept under its name and never counted as people's; under Judgements you see how far they "
        "agree. The passages are sent to the model's server.</p>"
    )
    if (model := asking_model.model_or_advice(library)) is None:
        return
    left, right = st.columns((5, 1), vertical_alignment="bottom")
    with left:
        chosen = variants.chooser(library.settings, "propose_pipelines", ("current", "none"))
    depth = right.selectbox("Depth", DEPTHS, 1, key="propose_depth", persist_state="session",
                            help="First passages of every stage that are graded")  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        which = st.selectbox("Questions", WHICH, key="propose_which", width=180)
        most = st.number_input("At most", 1, value=20, key="propose_most", width=140)
        busy = library.jobs.busy
        if st.button("Propose grades", type="primary", icon=":material/smart_toy:", key="propose",
                     disabled=busy or not chosen):  # fmt: skip
            asked = wanted(library, questions, which, int(most))
            work = proposing(library, model, chosen or {}, asked, depth)
            library.jobs.start(KIND, f"{model.model} grades {name}", work)
            st.rerun()
    job = jobs.follow(library, KIND, "No grades were proposed")
    if job is not None:
        st.html(
            f"<p><b>{escape(job.what)}</b></p>" + asking_model.told(job.result, "graded", NOTHING)
        )


def wanted(
    library: Library, questions: Sequence[Question], which: str, most: int
) -> list[Question]:
    """Return the questions to propose grades for: of all, or of those that nobody has judged."""
    judged = library.judgements.asked() if which == WHICH[0] else set()
    return [q for q in questions if same_words(q.text) not in judged][:most]


def proposing(
    library: Library,
    model: LanguageModel,
    chosen: variants.Variants,
    questions: Sequence[Question],
    depth: int,
) -> Work:
    """Return the work: search with every pipeline, then let the model grade what they found."""
    store = library.judgements
    pipelines = [library.pipeline.with_settings(**options) for options in chosen.values()]

    def work(job: Job) -> CallsOutcome:
        items, failed = to_grade(
            store, pipelines, questions, depth, model.model, job.advance, job.stop
        )
        job.unit = "passages"
        outcome = propose(model, store, items, job.advance, job.stop)
        return replace(outcome, failures=(*failed, *outcome.failures))

    return work
