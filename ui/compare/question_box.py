"""The question that pipelines are compared on: one of the library's sets, or a typed one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from rag.evaluate.judgements.record import same_words

if TYPE_CHECKING:
    from rag.pipeline import Pipeline
    from ranklens.library import Library

MOST = 2_000
_KEY = "compared_question"


def box(library: Library) -> str:
    """Ask for the question; empty where there is none yet."""
    chosen = st.selectbox(
        "Question",
        known(library),
        index=None,
        key=_KEY,
        persist_state="session",
        accept_new_options=True,
        placeholder="Type a question, or choose one of a set or one that was asked",
    )
    return same_words(chosen or "")


def known(library: Library) -> list[str]:
    """Return the questions of all sets, then those that were asked."""
    sets = library.question_sets
    of_sets = [same_words(q.text) for name in sets.names() for q in sets.questions(name)]
    asked = [same_words(text) for text in library.conversations.searched()]
    return list(dict.fromkeys((*of_sets, *asked)))[:MOST]


def following(library: Library, question: str) -> str | None:
    """Return the question after this one, None after the last and after a typed one."""
    held = known(library)
    at = held.index(question) + 1 if question in held else len(held)
    return held[at] if at < len(held) else None


def choose(question: str) -> None:
    """Put a question into the box; for a button's callback."""
    st.session_state[_KEY] = question


def pipeline(library: Library) -> Pipeline:
    """Return the library's pipeline with the model that was chosen for this session."""
    return library.pipeline.with_settings(**st.session_state.get("llm", {}))
