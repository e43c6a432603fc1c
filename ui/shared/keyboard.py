"""The keyboard's way around every page; grades that waited when a page was left are sent too."""

from __future__ import annotations

import streamlit as st

from ranklens import judging
from ui.shared import state, typed
from ui.shared.html import component

_KEY = "keyboard"


def listen() -> None:
    """Let the keys of ``keys.js`` work on this page."""
    keys = component("ranklens_keys", "shared/queue.js", "shared/listen.js", "shared/keys.js")
    with st.container(key="keys"):
        keys(key=_KEY, height=1, data={"seen": typed.seen()}, on_typed_change=_keep)


def _keep() -> None:
    if (library := state.library_if_it_opens()) is not None:
        keys = typed.come(_KEY)
        held = judging.passages(library, {key.passage for key in keys if key.passage})
        typed.keep(library, keys, lambda key: held.get(key.passage))
