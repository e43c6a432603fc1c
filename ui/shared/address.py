"""The address names what a page shows, so that a reload, Back, Forward and a link show it again."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.shared import collections, navigation


def arrived(page: str) -> dict[str, str]:
    """Return what the address names, once, if that is not what the page itself wrote there.

    Empty if nobody went there (`ui/shared/navigation.py`), or if it names nothing.
    """
    if not navigation.followed(page):
        return {}
    now = _now()
    before = st.session_state.get(_key(page))
    st.session_state[_key(page)] = now
    return {} if now == before else {name: values[-1] for name, values in now.items()}


def every(name: str) -> list[str]:
    """Return all values that the address has for a name."""
    return st.query_params.get_all(name)


def write(page: str, **shown: str | int | Sequence[str] | None) -> None:
    """Let the address name what is shown, in one step of the browser's history.

    What is empty is left out: an address without it means what the page shows by itself. The
    collection, which the frame shows, is written in the same step.
    """
    wanted = {
        name: [str(value)] if isinstance(value, str | int) else list(value)
        for name, value in shown.items()
        if value
    }
    whole = {**{name: [value] for name, value in collections.in_address().items()}, **wanted}
    if {name: st.query_params.get_all(name) for name in st.query_params} != whole:
        st.query_params.from_dict(whole)
    st.session_state[_key(page)] = wanted


def keep(page: str) -> None:
    """Take the address as the page's own: a script of the page has written it."""
    st.session_state[_key(page)] = _now()


def number(value: str) -> int:
    """Return the number that a part of an address is; 0 if it is none, or none of a row."""
    return int(value) if value.isdecimal() and len(value) < 10 else 0


def _now() -> dict[str, list[str]]:
    """Return what the address names besides the collection, which is the frame's."""
    own = (name for name in st.query_params if name != collections.NAME)
    return {name: st.query_params.get_all(name) for name in own}


def _key(page: str) -> str:
    return f"address_of_{page}"
