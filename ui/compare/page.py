"""The Compare page: pipelines on one question side by side, and blind votes between two of them."""

from __future__ import annotations

import streamlit as st

from rag.errors import RanklensError
from ui.compare import side, vote, voter, votes
from ui.shared import address, frame, grades, slides, state

SIDE, VOTE = "Side by side", "Blind vote"
VIEW = "compare_view"


def page() -> None:
    """Show the page; to a voter whom an address has brought here, the ballot and nothing else."""
    library = state.library()
    frame.style(grades.STYLE, slides.STYLE, "compare/compare.css")
    given = address.arrived(side.PAGE)
    try:
        if voter.invited(given):
            voter.show(library)
            return
        if side.presented(library):
            return
        frame.title("Compare", "What pipelines make of one question, and which one people prefer.")
        if given:
            st.session_state[VIEW] = VOTE if given.get("view") == "vote" else SIDE
        st.session_state.setdefault(VIEW, SIDE)
        view = st.segmented_control(
            "View", (SIDE, VOTE), key=VIEW, required=True,
            persist_state="session", label_visibility="collapsed",
        )  # fmt: skip
        if view == SIDE:
            side.show(library, given)
        else:
            address.write(side.PAGE, view="vote")
            vote.show(library)
            votes.show(library)
    except RanklensError as error:
        state.problem(error)


page()
