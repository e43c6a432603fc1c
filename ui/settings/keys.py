"""Keys of the HTTP API: made, shown once, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
import streamlit as st

from rag.errors import RanklensError
from ranklens.keys import SCOPES, ApiKey, KeyScope
from ui.shared import frame, state

if TYPE_CHECKING:
    from ranklens.library import Library

MADE = "key_made"
SCOPE_WORDS: dict[KeyScope, str] = {
    "read": "read: search, ask, look",
    "write": "write: add, remove and judge too",
    "admin": "admin: everything, keys too",
}


def show(library: Library) -> None:
    """Show the keys, with a form for another one."""
    found = library.keys.all()
    frame.say(
        "Programs reach this library over HTTP below /api; docs/http-api.md describes it. Without "
        "any key only programs on this machine are answered. Once there is one, every program "
        "needs one."
    )
    st.link_button("All routes", "/api/reference", icon=":material/menu_book:")
    if found:
        _table(found)
    _new()
    if used := [key.name for key in found if not key.revoked]:
        _revoke(library, used)


def _table(found: list[ApiKey]) -> None:
    columns = ("Name", "Scope", "Begins with", "Made", "Last used", "Revoked")
    rows = [
        (key.name, key.scope, f"{key.public}_…", key.made, key.used, key.revoked) for key in found
    ]
    time = st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")
    st.dataframe(
        pd.DataFrame(rows, columns=columns),
        hide_index=True,
        column_config=dict.fromkeys(columns[3:], time),
    )


def _new() -> None:
    with st.form("new_key", border=False), st.container(
        horizontal=True, vertical_alignment="bottom"
    ):  # fmt: skip
        st.text_input("Who it is for", key="key_name", max_chars=80, width=240)
        st.selectbox("Scope", SCOPES, key="key_scope", format_func=_words, width=280)
        st.form_submit_button("Make a key", icon=":material/add:", on_click=_make)
    made: str | RanklensError | None = st.session_state.pop(MADE, None)
    if isinstance(made, RanklensError):
        frame.notice(str(made), "Not made", "bad")
    elif made:
        frame.notice("Copy it now: it is shown this once, and kept nowhere.", "A new key")
        st.code(made, language=None)


def _words(scope: KeyScope) -> str:
    return SCOPE_WORDS[scope]


def _make_useless(name: str) -> None:
    state.library().keys.revoke(name)


def _make() -> None:
    chosen = st.session_state
    try:
        chosen[MADE], _ = state.library().keys.add(chosen["key_name"], chosen["key_scope"])
    except RanklensError as error:
        chosen[MADE] = error


def _revoke(library: Library, names: list[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Key", names, key="key_revoked", width=240)
        st.button(
            "Revoke",
            icon=":material/block:",
            key="revoke_key",
            on_click=_make_useless,
            args=(name,),
        )
