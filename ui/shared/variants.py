"""Choosing pipelines to judge from or to measure: saved ones, rerankers, options written out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from rag.errors import RanklensError
from rag.settings import Settings
from ranklens.comparing import describe_pipeline, pipeline_names, resolve
from ui.shared import frame

Variants = dict[str, dict[str, Any]]


def chooser(settings: Settings, key: str, first: Sequence[str]) -> Variants | None:
    """Offer every pipeline that can run here; None, with the reason shown, if one cannot."""
    try:
        names = pipeline_names(settings)
        st.session_state.setdefault(key, [name for name in first if name in names])
        chosen = st.multiselect(
            "Pipelines",
            names,
            key=key,
            persist_state="session",
            accept_new_options=True,
            format_func=lambda name: describe_pipeline(settings, name),
            help="Saved pipelines, rerankers, or options such as pool=100,reranker=none",
        )
        return resolve(settings, chosen) if chosen else None
    except RanklensError as error:
        frame.notice(str(error), "No such pipeline", "bad")
        return None


def one_pool(key: str) -> bool:
    """Ask whether all pipelines rerank one candidate pool."""
    return st.toggle(
        "One candidate pool",
        key=key,
        persist_state="session",
        help="All pipelines rerank what the first one retrieves; else each retrieves for itself",
    )
