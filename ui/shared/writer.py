"""The control that shows and changes what writes the answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ranklens import connection
from ui.shared import state

if TYPE_CHECKING:
    from ranklens.library import Library

_KEY = "writer"


def chooser(library: Library, label: str = "") -> None:
    """Show what writes the answers, and offer the others; hidden ``label`` if it is empty."""
    offered = connection.choices(library)
    st.session_state[_KEY] = state.writer(library)
    st.selectbox(
        label or "Who writes the answers",
        list(offered),
        key=_KEY,
        format_func=lambda one: offered.get(one, one),
        label_visibility="visible" if label else "collapsed",
        on_change=_choose,
        width=330,
    )


def _choose() -> None:
    state.choose_writer(state.library(), st.session_state[_KEY])
