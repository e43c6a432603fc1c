"""The Judge page: question sets, passages to grade without seeing their ranks, and agreement."""

from __future__ import annotations

import streamlit as st

from ui.judge import judgements, pool, proposals, propose, questions
from ui.shared import frame, grades, question_sets, state

VIEWS = ("Grade passages", "Questions", "Proposals", "Judgements")


def page() -> None:
    """Show the page."""
    library = state.library()
    frame.style(grades.STYLE)
    frame.title("Judge", "Grade what is relevant: every figure on the page Measure rests on it.")
    left, right = st.columns((2, 3), vertical_alignment="bottom")
    with left:
        name = question_sets.chooser(library)
    with right:
        view = st.segmented_control(
            "View",
            VIEWS,
            default=VIEWS[0] if name else VIEWS[1],
            key="judge_view",
            required=True,
            label_visibility="collapsed",
        )
    held = library.question_sets.questions(name) if name else ()
    if view == VIEWS[1]:
        questions.show(library, name)
    elif view == VIEWS[2]:
        proposals.show(library)
        if name:
            propose.show(library, name, held)
    elif view == VIEWS[3]:
        judgements.show(library, name, held)
    elif name and held:
        pool.show(library, name, held)
    else:
        frame.empty("No questions yet", "Write some, or import a set, under Questions.")


page()
