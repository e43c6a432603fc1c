"""Folders and addresses of the server in messages: its owner reads them, others do not."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

_HIDE = "hide_places"


def hide_with(hide: Callable[[str], str] | None) -> None:
    """Have messages of this run go through a function; None shows them as they are."""
    st.session_state[_HIDE] = hide


def shown(text: str) -> str:
    """Return a message as this visitor may read it."""
    hide: Callable[[str], str] | None = st.session_state.get(_HIDE)
    return hide(text) if hide else text
