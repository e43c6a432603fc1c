"""The row above a conversation: its controls, the trace as a file, Inspect, and the menu."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from ranklens.conversing import Turn
from ui.ask import chats, controls
from ui.shared import trace_file

if TYPE_CHECKING:
    from ranklens.library import Library

INSPECT = "ui/inspect/page.py"


class TopBar:
    """The row; ``options`` are what its controls are set to.

    The places of its buttons are taken at once, so that nothing moves when an answer is complete.
    """

    def __init__(self, library: Library) -> None:
        self._library = library
        with st.container(horizontal=True, vertical_alignment="center", key="controls"):
            self.options = controls.strip(library)
            self._download, self._inspect, self._menu = st.empty(), st.empty(), st.empty()
        self._download.button("Trace", icon=":material/download:", key="no_trace", disabled=True)
        self._inspect.page_link(
            INSPECT, label="Inspect", icon=":material/troubleshoot:", disabled=True
        )
        with self._menu.container():
            st.popover("Conversation", icon=":material/forum:", disabled=True)

    def complete(self, turn: Turn) -> None:
        """Turn the buttons on for the turn whose evidence is shown."""
        with self._download:
            trace_file.download(self._library, turn.trace)
        self._inspect.page_link(
            INSPECT,
            label="Inspect",
            icon=":material/troubleshoot:",
            query_params={"turn": str(turn.id)},
        )
        if (chat := self._library.conversations.get(turn.conversation)) is not None:
            with self._menu.container():
                chats.menu(self._library, chat)
