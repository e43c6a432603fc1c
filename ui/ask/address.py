"""What the address of the page names: conversation, turn and passage, or the documents to ask.

Whoever goes to an address, by a link, a reload, Back or Forward, is shown what it names. Streamlit
makes each change of it a step of the browser's history.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.shared import collections, navigation
from ui.shared.address import number

CHAT, SELECTED, PASSAGE, WITHIN = "chat", "selected", "passage_open", "within_names"
SEARCHING = "searching"
NUMBERS = ("pool", "top", "dense_weight", "lexical_weight")
CONTROLS_OF = "controls_of"  # the turn that the controls show
_NAMES = ("chat", "turn", "passage", "within")
_PUT = "ask_address"
# What belongs to one conversation; it is forgotten when another one is opened.
_OF_ONE = (
    SELECTED, PASSAGE, "editing", "pending", "next", "again", "quote", "prompt", "compared",
    CONTROLS_OF, "options", "reranker", *NUMBERS, "expansion", "hops",
)  # fmt: skip
Address = dict[str, list[str]]


def follow() -> None:
    """Show what the address names, if somebody went to it."""
    if not navigation.followed("ask"):
        return
    named: Address = {n: st.query_params.get_all(n) for n in _NAMES if st.query_params.get(n)}
    put: Address | None = st.session_state.get(_PUT)
    st.session_state[_PUT] = named
    if named == put or (not named and (put is None or navigation.arrived())):
        return
    chat = named.get("chat", [None])[-1]
    if chat is None or chat != st.session_state.get(CHAT):
        open_chat(chat)
    if "within" in named:
        st.session_state[WITHIN] = named["within"]
    turn = named.get("turn", [""])[-1]
    st.session_state[SELECTED] = number(turn) or None
    st.session_state[PASSAGE] = named.get("passage", [None])[-1]


def put(turn: int) -> None:
    """Name in the address the open conversation, its selected turn, and the open passage."""
    named = {"chat": [st.session_state[CHAT]], "turn": [str(turn)]}
    if passage := st.session_state.get(PASSAGE):
        named["passage"] = [passage]
    _put(named)


def put_start(within: Sequence[str]) -> None:
    """Name in the address the documents that a new conversation is to ask."""
    _put({"within": list(within)} if within else {})


def _put(named: Address) -> None:
    if named != st.session_state.get(_PUT):
        st.session_state[_PUT] = named
        st.query_params.from_dict({**named, **collections.in_address()})


def open_chat(chat: str | None) -> None:
    """Open a conversation, or a new one; what was under way in the other one is forgotten."""
    st.session_state[CHAT] = chat
    for name in _OF_ONE:
        st.session_state.pop(name, None)
    give_up()


def give_up() -> None:
    """Stop the search that is under way, if there is one; its question is not asked."""
    if searching := st.session_state.pop(SEARCHING, None):
        searching.stop()
        st.session_state.pop("pending", None)


def close_passage() -> None:
    """Note that the drawer was closed."""
    st.session_state.pop(PASSAGE, None)
