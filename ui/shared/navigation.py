"""Whether somebody went to the address of a run, or whether it is the page's own.

The browser sends the address with every click, and a click may leave it before the address that
the page has just put there arrives. Such an old address is no wish to go back.
"""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

_SHOWN, _ARRIVED, _VISIT = "page_shown", "page_arrived", "page_visit"


def note(page: str) -> None:
    """Note which page this run shows, and count it if somebody went there."""
    st.session_state[_ARRIVED] = st.session_state.get(_SHOWN) != page
    st.session_state[_SHOWN] = page
    if arrived() or went_back_or_forward():
        st.session_state[_VISIT] = _visit() + 1


def arrived() -> bool:
    """Return whether another page was shown before this run, or none."""
    return bool(st.session_state.get(_ARRIVED, True))


def followed(by: str) -> bool:
    """Return, once for each caller, whether somebody went to this address.

    By a link, a reload, another page, Back or Forward. A run that was cut short before it asked
    leaves the answer to the next one.
    """
    seen = f"page_visit_seen_by_{by}"
    before, st.session_state[seen] = st.session_state.get(seen), _visit()
    return bool(before != _visit()) or went_back_or_forward()


def went_back_or_forward() -> bool:
    """Return whether the browser's Back or Forward began this run."""
    return bool(getattr(get_script_run_ctx(), "is_history_navigation", False))


def _visit() -> int:
    return int(st.session_state.get(_VISIT, 0))
