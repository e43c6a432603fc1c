"""The Compare page: pipelines on one question side by side, and blind votes between two of them."""

from __future__ import annotations

import streamlit as st

from rag.errors import RanklensError
from ui.compare import side, vote, votes
from ui.shared import frame, grades, state

VIEWS = ("Side by side", "Blind vote")


def page() -> None:
    """Show the page."""
    library = state.library()
    frame.style(grades.STYLE, "compare/compare.css")
    frame.title("Compare", "What pipelines make of one question, and which one people prefer.")
    view = st.segmented_control(
        "View", VIEWS, default=VIEWS[0], key="compare_view", required=True,
        persist_state="session", label_visibility="collapsed",
    )  # fmt: skip
    try:
        if view == VIEWS[0]:
            side.show(library)
        else:
            vote.show(library)
            votes.show(library)
    except RanklensError as error:
        state.problem(error)


page()
