"""Model connections: which writes the answers, those that are saved, and a form for another one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from rag.errors import RanklensError
from rag.settings import Settings
from rag.settings.addresses import origin
from rag.text.plural import plural
from ranklens import connection, saved_settings
from ranklens.connection import COHERE, KINDS, LONGEST_NAME, Connection, ModelConnection
from ui.shared import frame, state, writer
from ui.shared.html import show as show_html

if TYPE_CHECKING:
    from ranklens.library import Library

LONGEST_URL = 500
KEEP: dict[str, Any] = {"persist_state": "session"}
_PROBLEM, _TESTED, _SAVED = "connection_problem", "llm_tested", "connections_saved"


def show(library: Library, owner: bool) -> None:
    """Show the connections, and to the owner a form for another one."""
    writer.chooser(library, "Who writes the answers")
    frame.say(
        "Without a model, the sentences and table rows that answer best are quoted, each with its "
        "source, and nothing is sent anywhere. A model is sent the question and its passages."
    )
    found = library.saved.connections()
    if problem := st.session_state.pop(_PROBLEM, None):
        frame.notice(str(problem), "Not saved", "bad")
    if found:
        rows = [(one, connection.key_source(library, one)) for one in found]
        show_html("settings/connections.html", rows=rows, used=state.writer(library))
    if not owner:
        return
    if found:
        _remover([one.name for one in found])
    with st.expander("Add a connection", icon=":material/add:", expanded=not found):
        try:
            _form(library.given)
        except RanklensError as error:
            state.problem(error)


def _remover(names: list[str]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox("Connection", names, key="connection_removed", width=240)
        st.button("Remove", icon=":material/delete:", key="remove_connection",
                  on_click=_remove, args=(name,))  # fmt: skip


def _form(given: Settings) -> None:
    kind = st.selectbox("Provider", KINDS, key="llm_kind", **KEEP)
    url, key = _address(given, kind)
    options = connection.options(given, kind, url, key)
    tried = given.updated(**options)
    if st.button("Test the connection", icon=":material/cable:"):
        with st.spinner("Asking for the models there…"):
            st.session_state[_TESTED] = (options, connection.connect(tried))
    tested: tuple[dict[str, Any], Connection] | None = st.session_state.get(_TESTED)
    found = tested[1] if tested and tested[0] == options else None
    if found:
        _result(found)
    model = _model(found)
    name = st.text_input(
        "Name of the connection",
        key="connection_name",
        placeholder=kind if not model else f"{kind} {model}"[:LONGEST_NAME],
        max_chars=LONGEST_NAME,
    )
    one = ModelConnection(name or f"{kind} {model}"[:LONGEST_NAME], kind, url, model or "")
    st.button("Save and use", type="primary", disabled=not model, on_click=_add, args=(one, key))


def _address(given: Settings, kind: str) -> tuple[str, str]:
    """Ask for address and key."""
    url = ""
    if kind != COHERE:
        url = st.text_input(
            "Base URL",
            connection.default_url(given, kind),
            key=f"llm_url_{kind}",
            placeholder="https://api.openai.com/v1",
            max_chars=LONGEST_URL,
            disabled=kind == "OpenAI",
            **KEEP,
        )
    known = connection.has_key(given, kind, url)
    key = st.text_input(
        "Key",
        type="password",
        # A typed key is not carried to another address, and the browser keeps none that is saved.
        key=f"key_{kind}_{origin(url)}{'_' * st.session_state.get(_SAVED, 0)}",
        placeholder="set in the environment; type another one to use that" if known else "none",
        help=f"Kept in the file {connection.KEYS_FILE} in the library's folder, which only you can "
        "read; sent to this address only, and never shown again",
    )
    return url, key


def _result(found: Connection) -> None:
    if found.problem:
        frame.notice(found.problem, "That did not work", "bad")
        return
    count = plural(len(found.models), "model")
    answered = f"{found.where} answered in {found.seconds * 1000:.0f} ms and has {count}."
    frame.notice(answered, "Connected")


def _model(found: Connection | None) -> str | None:
    """Return the model's name: from the list that the server gave, or typed."""
    listed = list(found.models) if found else []
    if listed and not st.session_state.get("llm_name"):
        st.session_state["llm_name"] = listed[0]
    name: str | None = st.selectbox(
        "Model",
        listed,
        index=None,
        key="llm_name",
        accept_new_options=True,
        placeholder="Type a name, or test the connection to choose one",
    )
    return name


def _add(one: ModelConnection, key: str) -> None:
    library = state.library()
    if not state.is_owner(library):
        return
    # What was typed last: the button was drawn before.
    one = replace(one, name=st.session_state.get("connection_name") or one.name)
    try:
        saved_settings.connect(library, one, key)
        saved_settings.choose(library, " ".join(one.name.split()))
    except RanklensError as error:
        st.session_state[_PROBLEM] = error
        return
    st.session_state[_SAVED] = st.session_state.get(_SAVED, 0) + 1
    st.session_state.pop(_TESTED, None)
    st.toast("Saved. The next question is answered this way.")


def _remove(name: str) -> None:
    library = state.library()
    if state.is_owner(library):
        saved_settings.disconnect(library, name)
