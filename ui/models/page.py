"""The Models page: what rerankers and encoders need, what is on this machine, and how to get it."""

from __future__ import annotations

import streamlit as st

from rag.errors import RanklensError
from rag.settings import Settings, load_settings
from ranklens.models import ListedModel, listed, offline, rerankers
from ui.models import fetching
from ui.shared import frame, state
from ui.shared.frame import escape
from ui.shared.html import macro

KINDS = {
    "cross-encoder": "Cross-encoders",
    "colbert": "Late interaction",
    "encoder": "Encoders",
}
LEADS = {
    "cross-encoder": "They read question and passage together: the best order, at a price a pair.",
    "colbert": "They compare the tokens of question and passage.",
    "encoder": "They turn passages into vectors. Another encoder means indexing everything again.",
}
COLUMNS = (5, 2, 2)
STYLE = frame.HERE / "models.css"


def page() -> None:
    """Show the page."""
    st.html(STYLE)
    frame.title("Models", "What rerankers and encoders need, and what of it is on this machine.")
    try:
        settings = load_settings()
    except RanklensError as error:
        state.problem(error)
        return
    if offline():
        frame.notice(
            "HF_HUB_OFFLINE is set, so nothing can be downloaded; a model's folder can still be "
            "given by its path.",
            "Offline",
        )
    items = listed(settings)
    for kind, heading in KINDS.items():
        st.html(f'<h2 class="rl-sub">{heading}</h2><p class="rl-say">{LEADS[kind]}</p>')
        for item in items:
            if item.model.kind == kind:
                _model(item)
    _services(settings, items)


def _model(item: ListedModel) -> None:
    with st.container(border=True, key=f"model {item.model.name}"):
        about, size, action = st.columns(COLUMNS, vertical_alignment="center")
        about.html(_about(item))
        size.html(
            f'<p class="rl-say"><b>{escape(item.size)}</b><br>{escape(item.licence or "?")}</p>'
        )
        with action:
            _action(item)
        fetching.show(item.model.name)


def _about(item: ListedModel) -> str:
    uses = ", ".join(item.used_by)
    parts = [part for part in (f"for {uses}" if uses else "", item.model.note) if part]
    problem = f'<br><span class="rl-tag warn">{escape(item.problem)}</span>'
    return (
        f'<p class="rl-model"><b>{escape(item.model.name)}</b><br>'
        f'<span class="rl-muted">{escape(" · ".join(parts))}</span>'
        f"{problem if item.problem else ''}</p>"
    )


def _action(item: ListedModel) -> None:
    name = item.model.name
    if item.folder:
        st.html('<p class="rl-say">✓ on this machine</p>')
        return
    last = fetching.downloads().get(name)
    st.button(
        "Download",
        icon=":material/download:",
        key=f"get {name}",
        on_click=fetching.start,
        args=(name,),
        disabled=offline() or bool(last and last.running),
        help="HF_HUB_OFFLINE is set: nothing can be downloaded" if offline() else None,
        width="stretch",
    )


def _services(settings: Settings, items: list[ListedModel]) -> None:
    above = {name for item in items for name in item.used_by}
    others = [one for one in rerankers(settings) if one.name not in above]
    st.html(
        '<h2 class="rl-sub">Rerankers without a model of their own</h2>'
        '<p class="rl-say">They use what is here already, a service, or a language model.</p>'
        f"{macro('runners')(others)}"
    )


page()
