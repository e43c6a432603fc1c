"""Passages on the page: the buttons and chips that open one, and the click on them.

Any element with a ``data-passage`` attribute opens that passage. The attribute survives the
sanitiser of `st.html`, and one small listener (`clicked`) reports the click to Python, so chips
work inside streamed text and tables without a widget each.
"""

from __future__ import annotations

import streamlit as st

from ui.shared.html import component

_SEEN = "passage_seen"


def bring_into_view(key: str) -> None:
    """Scroll to the question that was just asked, if it is out of sight."""
    component("ranklens_asked", "shared/bring.js")(key=key, height=1)


def reveal(key: str) -> None:
    """Scroll the drawer to the first marked words, or else to the passage."""
    component("ranklens_reveal", "shared/reveal.js")(key=key, height=1)


def clicked(key: str) -> str | None:
    """Mount the listener; return the id of the passage whose chip was clicked just now.

    A chip within a turn of a conversation adds the turn's number: ``ID@TURN``. Mount it before
    there are chips, too: it takes a moment to load.
    """

    def seen() -> None:
        st.session_state[_SEEN] = st.session_state[key]["passage"]

    listener = component("ranklens_passages", "shared/passages.js")
    data = {"seen": st.session_state.get(_SEEN)}
    passage = listener(key=key, height=1, data=data, on_passage_change=seen).passage
    return str(passage).partition("#")[0] if passage else None
