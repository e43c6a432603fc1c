"""The controls that re-run the question in place: reranker, documents, pool, top, expansion."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from rag.settings import Settings
from ui.ask import filters, widen
from ui.shared import rerankers
from ui.shared.frame import escape

if TYPE_CHECKING:
    from ranklens.library import Library


def strip(library: Library) -> dict[str, Any]:
    """Show the controls and return the settings that they stand for, and the filter ``within``."""
    settings = library.settings
    chosen: dict[str, Any] = {"reranker": rerankers.chooser(settings)}
    chosen["within"] = filters.strip(library)
    with st.popover("Tune", icon=":material/tune:", key="ranking"):
        chosen |= _numbers(settings) | widen.controls(settings)
    with st.container(key="chosen", width="content"):
        st.html(f'<p class="rl-say">{_summary(chosen)}</p>', width="content")
    return chosen


def _summary(chosen: dict[str, Any]) -> str:
    weights = f"dense {chosen['dense_weight']:g} : BM25 {chosen['lexical_weight']:g}"
    parts = [f"pool {chosen['pool']}", f"top {chosen['top']}", weights, widen.summary(chosen)]
    return escape(" · ".join(part for part in parts if part))


def _numbers(settings: Settings) -> dict[str, Any]:
    keep: dict[str, Any] = {"persist_state": "session"}
    return {
        "pool": st.slider(
            "Pool: candidates that are reranked",
            min(10, settings.pool),
            max(200, settings.pool),
            settings.pool,
            10,
            key="pool",
            **keep,
        ),
        "top": st.slider(
            "Top: passages for the answer",
            1,
            max(20, settings.top),
            settings.top,
            key="top",
            **keep,
        ),
        "dense_weight": _weight("dense_weight", "Weight of dense", settings.dense_weight),
        "lexical_weight": _weight("lexical_weight", "Weight of BM25", settings.lexical_weight),
    }


def _weight(key: str, label: str, value: float) -> float:
    most = max(3.0, value)
    return st.slider(label, 0.0, most, value, 0.1, key=key, persist_state="session")
