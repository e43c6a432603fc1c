"""The controls that run the question again in place: reranker, documents, pool, top, expansion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from rag.settings import Settings
from ranklens import choices
from ranklens.choices import Filter
from ranklens.conversing import Turn
from ui.ask import address, rerankers
from ui.shared import collections, frame

if TYPE_CHECKING:
    from ranklens.library import Library

EXPANSIONS = {
    "feedback": "words of the first passages",
    "llm-synonyms": "other words (LLM)",
    "llm-specific": "more specific (LLM)",
    "llm-general": "more general (LLM)",
    "hyde": "a made-up answer (HyDE, LLM)",
}
WITH_MODEL = "There are more of them with a language model: add one on the Settings page."
_NAMES, _TYPES, _SINCE = address.WITHIN, "within_types", "within_since"


def follow(turn: Turn) -> None:
    """Let the controls show what a turn was ranked by, once for each turn that is shown."""
    if st.session_state.get(address.CONTROLS_OF) == turn.id:
        return
    st.session_state[address.CONTROLS_OF] = turn.id
    st.session_state.pop("options", None)
    ranked_by = turn.trace.settings
    for key in ("reranker", *address.NUMBERS):
        if (value := ranked_by.get(key)) is not None:
            st.session_state[key] = value
    expansion = str(ranked_by.get("expansion") or "none")
    st.session_state["expansion"] = [one for one in expansion.split(",") if one != "none"]
    st.session_state["hops"] = (ranked_by.get("hops") or 1) > 1


def strip(library: Library) -> dict[str, Any]:
    """Show the controls and return the settings that they stand for, and the filter ``within``."""
    settings = library.settings
    chosen: dict[str, Any] = {"reranker": rerankers.chooser(settings), "within": documents(library)}
    with st.popover("Tune", icon=":material/tune:", key="ranking"):
        chosen |= _numbers(settings) | _expansion(settings)
    with st.container(key="chosen", width="content"):
        frame.say(summary(chosen))
    return chosen


def summary(chosen: dict[str, Any]) -> str:
    """Return in a few words what the controls are set to; expansion and hops only if on."""
    parts = [
        f"pool {chosen['pool']}",
        f"top {chosen['top']}",
        f"dense {chosen['dense_weight']:g} : BM25 {chosen['lexical_weight']:g}",
        "" if chosen["expansion"] == "none" else f"with {chosen['expansion']}",
        "two hops" if chosen["hops"] > 1 else "",
    ]
    return " · ".join(filter(None, parts))


def documents(library: Library) -> Filter:
    """Show the control that chooses documents; return what to ask within."""
    ready = choices.ready(library, collections.current(library))
    names, types = [document.name for document in ready], choices.document_types(ready)
    _forget_gone(_NAMES, names)
    _forget_gone(_TYPES, types)
    count = len(_within().words())
    label = f"Documents: {count} filter{'s' if count > 1 else ''}" if count else "All documents"
    with st.popover(label, icon=":material/filter_list:", key="within"):
        st.multiselect("Documents", names, key=_NAMES, persist_state="session",
                       placeholder="All documents")  # fmt: skip
        st.multiselect("Types", types, key=_TYPES, persist_state="session",
                       placeholder="All types")  # fmt: skip
        st.date_input("Added since", None, key=_SINCE, persist_state="session")
        frame.say("In a question, @name asks one document.")
        if _within():
            st.button("Ask all documents", icon=":material/close:", on_click=_clear)
    return _within()


def _within() -> Filter:
    names, types, since = (st.session_state.get(key) for key in (_NAMES, _TYPES, _SINCE))
    return Filter(tuple(names or ()), tuple(types or ()), since)


def _forget_gone(key: str, known: list[str]) -> None:
    """Forget choices that are no longer there; the control would refuse them."""
    if kept := st.session_state.get(key):
        st.session_state[key] = [choice for choice in kept if choice in known]


def _clear() -> None:
    st.session_state.update({_NAMES: [], _TYPES: [], _SINCE: None})


def _numbers(settings: Settings) -> dict[str, Any]:
    def slider(key: str, label: str, low: Any, most: Any, step: Any) -> Any:
        value = st.session_state.setdefault(key, getattr(settings, key))
        low, high = min(low, value), max(most, value)
        return st.slider(label, low, high, step=step, key=key, persist_state="session")

    return {
        "pool": slider("pool", "Pool: candidates that are reranked", 10, 200, 10),
        "top": slider("top", "Top: passages for the answer", 1, 20, 1),
        "dense_weight": slider("dense_weight", "Weight of dense", 0.0, 3.0, 0.1),
        "lexical_weight": slider("lexical_weight", "Weight of BM25", 0.0, 3.0, 0.1),
    }


def _expansion(settings: Settings) -> dict[str, Any]:
    offered = choices.expansions(settings)
    now = st.session_state.setdefault("expansion", list(offered.chosen))
    st.session_state.setdefault("hops", settings.hops > 1)
    picked = st.multiselect(
        "Expansion: variants that are searched for too",
        list(dict.fromkeys([*offered.known, *now])),
        key="expansion",
        persist_state="session",
        format_func=lambda name: EXPANSIONS.get(name, name),
        placeholder="none",
        help=None if settings.llm_model else WITH_MODEL,
    )
    hop = st.toggle(
        "Second hop: search for what the best passages name",
        key="hops",
        persist_state="session",
    )
    return {"expansion": ",".join(picked) or "none", "hops": 2 if hop else 1}
