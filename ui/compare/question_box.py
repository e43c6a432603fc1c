"""The question that pipelines are compared on: one of the library's sets, or a typed one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ranklens.question_sets import known_questions
from ui.shared import state, variants

if TYPE_CHECKING:
    from ranklens.library import Library

_KEY = "compared_question"


def box(library: Library) -> str:
    """Ask for the question; empty if there is none yet."""
    chosen = st.selectbox(
        "Question",
        known_questions(library),
        index=None,
        key=_KEY,
        persist_state="session",
        accept_new_options=True,
        placeholder="Type a question, or choose one of a set or one that was asked",
    )
    return " ".join((chosen or "").split())


def chosen() -> str:
    """Return the question that stands in the box."""
    return str(st.session_state.get(_KEY) or "")


def choose(question: str) -> None:
    """Put a question into the box; for a button's callback."""
    st.session_state[_KEY] = question


def with_model(chosen: variants.Variants) -> variants.Variants:
    """Return pipelines that all have the language model that was chosen for this session."""
    return {name: state.answer_model() | options for name, options in chosen.items()}
