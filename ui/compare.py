"""The Compare page: pipelines on one question side by side, and blind votes between two of them."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from rag.errors import RanklensError
from ui import state
from ui.components import compare_side, compare_vote, compare_votes, frame, grades

STYLE = Path(__file__).parent / "components" / "compare.css"
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
            compare_side.show(library)
        else:
            compare_vote.show(library)
            compare_votes.show(library)
    except RanklensError as error:
        state.problem(error)


page()
