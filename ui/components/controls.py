"""The strip of controls that re-runs the question in place: reranker, pool, top, weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from rag.rerank.base import Context
from rag.rerank.table import AUTO, TABLE
from rag.settings import Settings

if TYPE_CHECKING:
    from ingest.library import Library


def strip(library: Library) -> dict[str, Any]:
    """Show the controls and return the settings that they stand for."""
    settings = library.settings
    choices = labels(Context(settings, library.encoder))
    names = list(choices)
    chosen = {
        "reranker": st.selectbox(
            "Reranker",
            names,
            index=names.index(settings.reranker) if settings.reranker in choices else 0,
            key="reranker",
            persist_state="session",
            label_visibility="collapsed",
            format_func=choices.get,
            width=270,
        )
    }
    with st.popover("Tune", icon=":material/tune:", key="ranking"):
        chosen |= _numbers(settings)
    st.html(f'<p class="rl-say">{_summary(chosen)}</p>', width="content")
    return chosen


def labels(context: Context) -> dict[str, str]:
    """Return every reranker's name with its label; one that cannot run here says so."""
    found = {AUTO: f"Reranker: {AUTO}"}
    for entry in TABLE.values():
        found[entry.name] = (
            f"Reranker: {entry.name}{' (not on this machine)' if entry.missing(context) else ''}"
        )
    return found


def _summary(chosen: dict[str, Any]) -> str:
    weights = f"dense {chosen['dense_weight']:g} : BM25 {chosen['lexical_weight']:g}"
    return f"pool {chosen['pool']} · top {chosen['top']} · {weights}"


def _numbers(settings: Settings) -> dict[str, Any]:
    keep: dict[str, Any] = {"persist_state": "session"}
    return {
        "pool": st.slider(
            "Pool: candidates that are reranked", 5, 200, settings.pool, 5, key="pool", **keep
        ),
        "top": st.slider("Top: passages for the answer", 1, 20, settings.top, key="top", **keep),
        "dense_weight": st.slider(
            "Weight of dense", 0.0, 3.0, settings.dense_weight, 0.1, key="dense_weight", **keep
        ),
        "lexical_weight": st.slider(
            "Weight of BM25", 0.0, 3.0, settings.lexical_weight, 0.1, key="lexical_weight", **keep
        ),
    }
