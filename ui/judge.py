"""The Judge page: question sets, passages to grade without seeing their ranks, and agreement."""

from __future__ import annotations

import streamlit as st

from rag.evaluate.questions import QuestionSets
from ui import state
from ui.components import (
    frame,
    grades,
    grades_pool,
    grades_proposals,
    grades_propose,
    grades_told,
    questions_sets,
)

VIEWS = ("Grade passages", "Questions", "Proposals", "Judgements")


def page() -> None:
    """Show the page."""
    library = state.library()
    st.html(grades.STYLE)
    frame.title("Judge", "Say what is relevant: every figure on the Measure page rests on it.")
    left, right = st.columns((2, 3), vertical_alignment="bottom")
    with left:
        name = questions_sets.chooser(library)
    with right:
        view = st.segmented_control(
            "View",
            VIEWS,
            default=VIEWS[0] if name else VIEWS[1],
            key="judge_view",
            required=True,
            label_visibility="collapsed",
        )
    held = QuestionSets(library.index.catalogue).questions(name) if name else ()
    if view == VIEWS[1]:
        questions_sets.show(library, name)
    elif view == VIEWS[2]:
        grades_proposals.show(library)
        if name:
            grades_propose.show(library, name, held)
    elif view == VIEWS[3]:
        grades_told.show(library, name, held)
    elif name and held:
        grades_pool.show(library, name, held)
    else:
        frame.empty("No questions yet", "Write some, or take a set in, under Questions.")


page()
