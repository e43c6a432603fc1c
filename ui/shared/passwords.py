"""Passwords of encrypted documents: in this session's memory only, never on disk."""

from __future__ import annotations

import streamlit as st

_KEPT = "passwords"


def known(name: str) -> str:
    """Return the password that was typed for a document in this session, or nothing."""
    kept: dict[str, str] = st.session_state.get(_KEPT, {})
    return kept.get(name, "")


def remember(name: str, password: str) -> None:
    """Keep a document's password until the session ends."""
    st.session_state[_KEPT] = {**st.session_state.get(_KEPT, {}), name: password}


def ask(name: str, label: str) -> str:
    """Show a form that asks for a document's password; return what was typed just now, or nothing.

    ``name`` is the form's own, so that two of them do not meet.
    """
    with (
        st.form(name, border=False, clear_on_submit=True),
        st.container(horizontal=True, vertical_alignment="bottom"),
    ):
        password = st.text_input("Password of this file", type="password", width=280)
        pressed = st.form_submit_button(label, icon=":material/lock_open:", type="primary")
    return password if pressed else ""
