"""The Answers page: who writes the answers, whether their server is there, and which models it has.

What is chosen here holds for this session. Keys are kept in the session's memory only.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from rag.errors import RanklensError
from rag.settings import Settings, settings_file
from rag.settings.addresses import origin
from rag.text.plural import plural
from ranklens import connection
from ranklens.connection import COHERE, KINDS, Connection
from ui.settings import keys
from ui.shared import frame, state
from ui.shared.html import macro

NOBODY = "Nobody: quote the documents"
WIDTH = 720
LONGEST_URL = 500
KEEP: dict[str, Any] = {"persist_state": "session"}


def page() -> None:
    """Show the page."""
    library = state.library()
    frame.title("Answers", "Who writes them: your documents' own sentences, or a model of yours.")
    with st.container(width=WIDTH):
        _form(library.settings, state.settings(library))
        st.html(macro("file", "settings/settings.html")(settings_file()))
        keys.show(library)


def _form(own: Settings, settings: Settings) -> None:
    """Show the form; ``own`` are the owner's settings, ``settings`` those of this session."""
    st.html(macro("now", "settings/settings.html")(settings, bool(state.answer_model())))
    kinds = [NOBODY, *KINDS]
    index = kinds.index(connection.kind_of(settings) or NOBODY)
    kind = st.selectbox("Who writes the answers", kinds, index=index, key="llm_kind", **KEEP)
    if kind == NOBODY:
        frame.say(
            "The sentences and table rows that answer best are quoted, each with its source. "
            "Nothing is sent anywhere."
        )
        st.button("Use this", type="primary", on_click=_use, args=(connection.NO_MODEL,))
        return
    try:
        _model(own, settings, kind)
    except RanklensError as error:
        state.problem(error)


def _model(own: Settings, settings: Settings, kind: str) -> None:
    options = _options(own, settings, kind)
    tried = own.updated(**options)
    if st.button("Test the connection", icon=":material/cable:"):
        with st.spinner("Asking for the models there…"):
            st.session_state["llm_tested"] = (options, connection.connect(tried))
    tested: tuple[dict[str, Any], Connection] | None = st.session_state.get("llm_tested")
    found = tested[1] if tested and tested[0] == options else None
    if found:
        _result(found)
    model = _name(settings, found)
    chosen = {**options, "llm_model": model or ""}
    st.button("Use this", type="primary", disabled=not model, on_click=_use, args=(chosen,))
    if model:
        with st.expander("Keep this for good"):
            frame.say(
                "Put these lines into a settings file and name it (ranklens --config FILE run, or "
                "RANKLENS_CONFIG), and the key into the environment (OPENAI_API_KEY or CO_API_KEY):"
            )
            st.code(connection.as_toml(chosen), language="toml")


def _options(own: Settings, settings: Settings, kind: str) -> dict[str, Any]:
    """Ask for address and key; return them as changes of the owner's settings."""
    url = ""
    if kind != COHERE:
        url = st.text_input(
            "Base URL",
            connection.default_url(settings, kind),
            key=f"llm_url_{kind}",
            placeholder="https://api.openai.com/v1",
            max_chars=LONGEST_URL,
            disabled=kind == "OpenAI",
            **KEEP,
        )
    known = connection.has_key(own, kind, url)
    key = st.text_input(
        "Key",
        type="password",
        key=f"key_{kind}_{origin(url)}",  # a typed key is not carried to another address either
        placeholder="set already; type another one to replace it" if known else "none is set",
        help="Kept in this session's memory only, and sent to this address only",
        **KEEP,
    )
    return connection.options(own, kind, url, key)


def _result(found: Connection) -> None:
    if found.problem:
        frame.notice(found.problem, "That did not work", "bad")
        return
    count = plural(len(found.models), "model")
    answered = f"{found.where} answered in {found.seconds * 1000:.0f} ms and has {count}."
    frame.notice(answered, "Connected")


def _name(settings: Settings, found: Connection | None) -> str | None:
    """Return the model's name: from the list that the server gave, or typed."""
    listed = list(found.models) if found else []
    now = settings.llm_model
    if now and now not in listed:
        listed = [now, *listed]
    name: str | None = st.selectbox(
        "Model",
        listed,
        index=listed.index(now) if now else (0 if listed else None),
        key="llm_name",
        accept_new_options=True,
        placeholder="Type a name, or test the connection to choose one",
    )
    return name


def _use(options: dict[str, Any]) -> None:
    st.session_state["llm"] = options
    st.toast("The next question is answered this way.")


page()
