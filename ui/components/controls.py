"""The strip of controls that re-runs the question in place: reranker, pool, top, weights."""

from __future__ import annotations

from typing import Any

import streamlit as st

from rag.settings import Settings


def names() -> list[str]:
    """Return the rerankers that can be chosen, ``auto`` first."""
    return ["auto", "none", "late-interaction", "cross-encoder"]


def strip(settings: Settings) -> dict[str, Any]:
    """Show the controls and return the settings that they stand for."""
    choices = names()
    chosen = {
        "reranker": st.selectbox(
            "Reranker",
            choices,
            index=choices.index(settings.reranker) if settings.reranker in choices else 0,
            key="reranker",
            persist_state="session",
            label_visibility="collapsed",
            format_func=lambda name: f"Reranker: {name}",
            width=240,
        )
    }
    with st.popover("Ranking", icon=":material/tune:", key="ranking"):
        chosen |= _numbers(settings)
    return chosen


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
