"""The Compare page: pipelines on one question side by side, and blind votes between two of them."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from rag.errors import RanklensError
from ui.compare import side, vote, votes
from ui.shared import frame, grades, state

STYLE = Path(__file__).with_name("compare.css")
VIEWS = ("Side by side", "Blind vote")


def page() -> None:
    """Show the page."""
    library = state.library()
    for style in (grades.STYLE, STYLE):
        st.html(style)
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
