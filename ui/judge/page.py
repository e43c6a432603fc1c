"""The Judge page: question sets, passages to grade without seeing their ranks, and agreement."""

from __future__ import annotations

import streamlit as st

from ui.judge import judgements, pool, proposals, propose
from ui.shared import frame, grades, question_sets, state

VIEWS = ("Grade passages", "Questions", "Proposals", "Judgements")


def page() -> None:
    """Show the page."""
    library = state.library()
    st.html(grades.STYLE)
    frame.title("Judge", "Say what is relevant: every figure on the Measure page rests on it.")
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
        question_sets.show(library, name)
    elif view == VIEWS[2]:
        proposals.show(library)
        if name:
            propose.show(library, name, held)
    elif view == VIEWS[3]:
        judgements.show(library, name, held)
    elif name and held:
        pool.show(library, name, held)
    else:
        frame.empty("No questions yet", "Write some, or take a set in, under Questions.")


page()
