"""Which conversation is open, the list of all in the sidebar, and what can be done with one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from rag.text.typed import LONGEST_NAME
from ranklens import asking
from ranklens.asking import Conversation
from ui.shared import collections, frame, state

if TYPE_CHECKING:
    from ranklens.library import Library

MOST = 50
_OF_ONE = ("selected", "editing", "pending", "again", "prompt")


def current() -> str | None:
    """Return the id of the open conversation: this session's, or the one in the address."""
    if "chat" not in st.session_state:
        st.session_state["chat"] = st.query_params.get("chat")
    chat: str | None = st.session_state["chat"]
    return chat


def open_chat(chat: str | None) -> None:
    """Open a conversation, or a new one; what was selected in the other one is forgotten."""
    st.session_state["chat"] = chat
    for name in _OF_ONE:
        st.session_state.pop(name, None)


def sidebar(library: Library) -> None:
    """Show the list, the conversation used last first; note in the address which one is open."""
    state.keep_in_address("chat", st.session_state.get("chat"))
    with st.sidebar:
        st.button(
            "New conversation",
            key="new_chat",
            icon=":material/edit_square:",
            width="stretch",
            on_click=open_chat,
            args=(None,),
        )
        listed = asking.conversations(library, collections.current(library))
        if listed:
            frame.label("Conversations", "p")
        with st.container(gap=None, key="chats"):
            for place, chat in enumerate(listed[:MOST]):
                _entry(place, chat)


def menu(library: Library, chat: Conversation) -> None:
    """Show what can be done with the open conversation: rename, export, delete."""
    rename = library.conversations.rename
    with st.popover("Conversation", icon=":material/forum:", key="chat_menu"):
        st.text_input(
            "Title",
            chat.title,
            max_chars=LONGEST_NAME,
            key=f"title_{chat.id}",
            on_change=lambda: rename(chat.id, st.session_state[f"title_{chat.id}"]),
        )
        st.download_button(
            "Export as Markdown",
            lambda: asking.as_markdown(library, chat),
            file_name=f"{_file_name(chat.title)}.md",
            mime="text/markdown",
            icon=":material/download:",
            width="stretch",
            on_click="ignore",
        )
        if st.button("Delete…", key="delete_chat", icon=":material/delete:", width="stretch"):
            _confirm(library, chat)


def _entry(place: int, chat: Conversation) -> None:
    """Show a button. Its key is its place: a session keeps something of each key it ever had."""
    shown = chat.id == st.session_state.get("chat")
    st.button(
        frame.plain(chat.title),
        key=f"{'chat_shown' if shown else 'chat'}_{place}",
        type="tertiary",
        width="stretch",
        on_click=open_chat,
        args=(chat.id,),
    )


@st.dialog("Delete this conversation?", icon=":material/delete:")
def _confirm(library: Library, chat: Conversation) -> None:
    frame.dress_dialog()
    count = "one question" if chat.turns == 1 else f"{chat.turns} questions"
    frame.say(f"“{chat.title}”, {count} with their answers and rankings. This cannot be undone.")
    if st.button(
        "Delete", key="delete_chat_now", type="primary", on_click=_delete, args=(library, chat.id)
    ):
        st.rerun()


def _delete(library: Library, chat: str) -> None:
    library.conversations.remove(chat)
    open_chat(None)


def _file_name(title: str) -> str:
    kept = "".join(letter if letter.isalnum() else "-" for letter in title.lower())
    return "-".join(filter(None, kept.split("-")))[:60] or "conversation"
