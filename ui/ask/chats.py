"""The list of conversations in the sidebar, and what can be done with one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import streamlit as st

from rag.text.typed import LONGEST_NAME
from ranklens import conversing
from ranklens.conversing import Conversation
from ui.ask import address
from ui.shared import collections, frame

if TYPE_CHECKING:
    from ranklens.library import Library

A_PAGE = 50
_WORDS, _MANY = "chat_words", "chats_shown"


def sidebar(library: Library) -> None:
    """Show the list: pinned ones, then those used last, by date; words find one."""
    with st.sidebar:
        st.button(
            "New conversation",
            key="new_chat",
            icon=":material/edit_square:",
            width="stretch",
            on_click=address.open_chat,
            args=(None,),
        )
        collection = collections.current(library)
        known = conversing.conversations(library, collection)
        if not known:
            return
        words = st.text_input(
            "Search conversations",
            key=_WORDS,
            persist_state="session",
            placeholder="Search conversations",
            label_visibility="collapsed",
            icon=":material/search:",
            max_chars=200,
        )
        listed = conversing.conversations(library, collection, words) if words.strip() else known
        if not listed:
            frame.say("No conversation has these words.")
        _listed(listed)


def _listed(listed: list[Conversation]) -> None:
    most = st.session_state.get(_MANY, A_PAGE)
    today = datetime.now().astimezone()
    group = ""
    with st.container(gap=None, key="chats"):
        for place, chat in enumerate(listed[:most]):
            if (now := _group(chat, today)) != group:
                frame.label(group := now, "p")
            _entry(place, chat)
    if len(listed) > most:
        label = f"{len(listed) - most} more"
        st.button(label, key="more_chats", type="tertiary", on_click=_more)


def _more() -> None:
    st.session_state[_MANY] = st.session_state.get(_MANY, A_PAGE) + A_PAGE


def _group(chat: Conversation, today: datetime) -> str:
    """Return under which heading a conversation is listed: when it was used last."""
    if chat.pinned:
        return "Pinned"
    used = chat.updated.astimezone()
    days = (today.date() - used.date()).days
    if days <= 1:
        return "Yesterday" if days == 1 else "Today"
    if days < 7:
        return "Last 7 days"
    return f"{used:%B %Y}"


def menu(library: Library, chat: Conversation) -> None:
    """Show what can be done with the open conversation: rename, pin, export, delete."""
    with st.popover("Conversation", icon=":material/forum:", key="chat_menu"):
        st.text_input(
            "Title",
            chat.title,
            max_chars=LONGEST_NAME,
            key=f"title_{chat.id}",
            on_change=lambda: library.conversations.rename(
                chat.id, st.session_state[f"title_{chat.id}"]
            ),
        )
        st.button(
            "Unpin" if chat.pinned else "Pin to the top",
            key="pin_chat",
            icon=":material/keep:",
            width="stretch",
            on_click=lambda: library.conversations.pin(chat.id, not chat.pinned),
        )
        st.download_button(
            "Export as Markdown",
            lambda: conversing.as_markdown(library, chat),
            file_name=f"{_file_name(chat.title)}.md",
            mime="text/markdown",
            icon=":material/download:",
            width="stretch",
            on_click="ignore",
        )
        if library.given.has_accounts:
            _sharing(library, chat.id)
        if st.button("Delete…", key="delete_chat", icon=":material/delete:", width="stretch"):
            _confirm(library, chat)


def _sharing(library: Library, chat: str) -> None:
    from ranklens import sharing  # with accounts only: a page of one person begins without it
    from ui.shared import share

    share.controls(
        library, "conversation", lambda days: sharing.share(library, "conversation", chat, days)
    )


def _entry(place: int, chat: Conversation) -> None:
    """Show a button. Its key is its place: a session keeps something of each key it ever had."""
    shown = chat.id == st.session_state.get(address.CHAT)
    st.button(
        frame.plain(chat.title),
        key=f"{'chat_shown' if shown else 'chat'}_{place}",
        type="tertiary",
        width="stretch",
        help=f"{chat.updated.astimezone():%d %b %Y, %H:%M}",
        on_click=address.open_chat,
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
    address.open_chat(None)


def _file_name(title: str) -> str:
    kept = "".join(letter if letter.isalnum() else "-" for letter in title.lower())
    return "-".join(filter(None, kept.split("-")))[:60] or "conversation"
