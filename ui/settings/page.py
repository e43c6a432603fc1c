"""The Answers page: who writes the answers, whether their server is there, and which models it has.

What is chosen here holds for this session. Keys are kept in the session's memory only.
"""

from __future__ import annotations

from typing import Any

import streamlit as st

from rag.errors import RanklensError
from rag.llm.connection import PRESETS, Connection, connect
from rag.settings import Settings
from ui.shared import frame, state
from ui.shared.frame import escape

COHERE, OTHER, NOBODY = "Cohere", "Another address", "Nobody: quote the documents"
KINDS = (NOBODY, *PRESETS, COHERE, OTHER)
WIDTH = 720
KEEP: dict[str, Any] = {"persist_state": "session"}


def page() -> None:
    """Show the page."""
    library = state.library()
    settings = library.settings.updated(**st.session_state.get("llm", {}))
    frame.title("Answers", "Who writes them: your documents' own sentences, or a model of yours.")
    with st.container(width=WIDTH):
        _form(settings)


def _form(settings: Settings) -> None:
    _now(settings)
    kind = st.selectbox(
        "Who writes the answers", KINDS, index=KINDS.index(_kind(settings)), key="llm_kind", **KEEP
    )
    if kind == NOBODY:
        st.html(
            '<p class="rl-say">The sentences and table rows that answer best are quoted, each with '
            "its source. Nothing is sent anywhere.</p>"
        )
        st.button("Use this", type="primary", on_click=_use, args=({"llm_model": ""},))
        return
    try:
        _model(settings, kind)
    except RanklensError as error:
        state.problem(error)


def _now(settings: Settings) -> None:
    who = f"{settings.llm_provider}:{settings.llm_model}" if settings.llm_model else "no model"
    chosen = " (chosen here, for this session)" if "llm" in st.session_state else ""
    st.html(f'<p class="rl-say">In use now: <b>{escape(who)}</b>{chosen}</p>')


def _kind(settings: Settings) -> str:
    if not settings.llm_model:
        return NOBODY
    if settings.llm_provider == "cohere":
        return COHERE
    return next((k for k, url in PRESETS.items() if url == settings.llm_base_url), OTHER)


def _model(settings: Settings, kind: str) -> None:
    asked = _asked(settings, kind)
    tried = settings.updated(**asked)
    if st.button("Test the connection", icon=":material/cable:"):
        with st.spinner("Asking for the models there…"):
            st.session_state["llm_tested"] = (asked, connect(tried))
    tested: tuple[dict[str, Any], Connection] | None = st.session_state.get("llm_tested")
    found = tested[1] if tested and tested[0] == asked else None
    if found:
        _result(found)
    model = _name(settings, found)
    st.button(
        "Use this",
        type="primary",
        disabled=not model,
        on_click=_use,
        args=({**asked, "llm_model": model or ""},),
    )
    if model:
        _to_keep({**asked, "llm_model": model})


def _asked(settings: Settings, kind: str) -> dict[str, Any]:
    """Return what the form says about the provider, as options."""
    key_option = "cohere_api_key" if kind == COHERE else "llm_api_key"
    known = getattr(settings, key_option).get_secret_value()
    asked: dict[str, Any] = {"llm_provider": "cohere" if kind == COHERE else "openai"}
    if kind != COHERE:
        url = settings.llm_base_url if kind == OTHER else PRESETS[kind]
        asked["llm_base_url"] = st.text_input(
            "Base URL",
            url,
            key=f"llm_url_{kind}",
            placeholder="https://api.openai.com/v1",
            disabled=kind == "OpenAI",
            **KEEP,
        ).strip()
    key = st.text_input(
        "Key",
        type="password",
        key=f"key_{kind}",
        placeholder="set already; type another one to replace it" if known else "none is set",
        help="Kept in this session's memory only, and sent to this address only",
        **KEEP,
    ).strip()
    if key:
        asked[key_option] = key
    return asked


def _result(found: Connection) -> None:
    if found.problem:
        frame.notice(found.problem, "That did not work", "bad")
    else:
        count = "one model" if len(found.models) == 1 else f"{len(found.models)} models"
        frame.notice(
            f"{found.where} answered in {found.seconds * 1000:.0f} ms and has {count}.", "Connected"
        )


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


def _to_keep(options: dict[str, Any]) -> None:
    """Show what keeps this choice for good; the key belongs into the environment."""
    lines = [f'{name} = "{value}"' for name, value in options.items() if not name.endswith("_key")]
    with st.expander("Keep this for good"):
        st.html(
            '<p class="rl-say">Put these lines into ranklens.toml, and the key into the '
            "environment (OPENAI_API_KEY or CO_API_KEY):</p>"
        )
        st.code("\n".join(lines), language="toml")


page()
