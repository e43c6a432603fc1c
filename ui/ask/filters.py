"""Asking within chosen documents: the control beside the question, and chips that say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from rag.retrieve.filters import Filter, kind_of
from rag.types import Trace
from ui.shared.frame import escape

if TYPE_CHECKING:
    from ranklens.library import Library

_KEYS = ("within_names", "within_types", "within_since")


def strip(library: Library) -> Filter:
    """Show the control and return what to ask within."""
    ready = [document for document in library.documents() if document.status == "ready"]
    names = [document.name for document in ready]
    kinds = sorted({kind_of(document) for document in ready})
    _forget_gone("within_names", names)
    _forget_gone("within_types", kinds)
    with st.popover(_label(), icon=":material/filter_list:", key="within"):
        st.multiselect("Documents", names, key="within_names", persist_state="session",
                       placeholder="All documents")  # fmt: skip
        st.multiselect("Types", kinds, key="within_types", persist_state="session",
                       placeholder="All types")  # fmt: skip
        st.date_input("Added since", None, key="within_since", persist_state="session")
        st.html('<p class="rl-say">In a question, @name asks one document.</p>')
        if _held():
            st.button("Ask all documents", icon=":material/close:", on_click=_clear)
    return _held()


def chips(asked: Filter) -> str:
    """Return what was asked within as HTML chips; nothing where that is everything."""
    made = "".join(f'<span class="rl-chip">{escape(words)}</span>' for words in asked.words())
    return f'<p class="rl-within">Within {made}</p>' if made else ""


def of(trace: Trace) -> Filter:
    """Return what a trace's question was asked within."""
    return Filter.from_setting(trace.settings.get("within"))


def _held() -> Filter:
    names, types, since = (st.session_state.get(key) for key in _KEYS)
    return Filter(tuple(names or ()), tuple(types or ()), since)


def _label() -> str:
    count = len(_held().words())
    return f"Documents: {count} filter{'s' if count > 1 else ''}" if count else "All documents"


def _forget_gone(key: str, known: list[str]) -> None:
    """Let go of choices that are no longer there; the control would refuse them."""
    if kept := st.session_state.get(key):
        st.session_state[key] = [choice for choice in kept if choice in known]


def _clear() -> None:
    st.session_state["within_names"], st.session_state["within_types"] = [], []
    st.session_state["within_since"] = None
