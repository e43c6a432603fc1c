"""The Judge page: question sets, passages to grade without seeing their ranks, and agreement."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ui.judge import audit, judgements, pool, proposals, propose, questions, useful
from ui.shared import address, frame, grades, question_sets, state

if TYPE_CHECKING:
    from ranklens.library import Library

VIEWS = ("Grade passages", "Questions", "Proposals", "Judgements", "Most useful next")
_VIEW = "judge_view"


def page() -> None:
    """Show the page."""
    library = state.library()
    frame.style(grades.STYLE)
    frame.title("Judge", "Grade what is relevant: every figure on the Measure page rests on it.")
    _from_address(library)
    name = question_sets.chooser(library)
    st.session_state.setdefault(_VIEW, VIEWS[0] if name else VIEWS[1])
    view = st.segmented_control(
        "View", VIEWS, key=_VIEW, required=True, label_visibility="collapsed"
    )
    held = library.question_sets.questions(name) if name else ()
    if view == VIEWS[0] and name and held:
        pool.show(library, name, held)
        return
    address.write(pool.PAGE, set=name, view=view, judge=grades.name())
    if view == VIEWS[1]:
        questions.show(library, name)
    elif view == VIEWS[2]:
        proposals.show(library)
        if name:
            propose.show(library, name, held)
            audit.show(library, name, held)
    elif view == VIEWS[3]:
        judgements.show(library, name, held)
    elif view == VIEWS[4] and name and held:
        useful.show(library, name)
    else:
        frame.empty("No questions yet", "Write some, or import a set, under Questions.")


def _from_address(library: Library) -> None:
    """Choose the set, the question, the view and the judge that a link names."""
    named = address.arrived(pool.PAGE)
    if not named:
        return
    known = (name := named.get("set", "")) in library.question_sets.sizes()
    if known and (number := address.number(named.get("question", ""))):
        st.session_state[pool.AT] = (name, number - 1)
    view = named.get("view", VIEWS[0])
    if view in VIEWS and (view != VIEWS[0] or name):
        st.session_state[_VIEW] = view
    if judge := named.get("judge", ""):
        grades.call_me(judge)
    if known:
        question_sets.follow(library, name)


page()
