"""Choosing pipelines to judge from or to measure: saved ones, rerankers, options written out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from rag.errors import RanklensError
from rag.evaluate.experiments import pipelines
from rag.settings import Settings
from ranklens.models import AUTO, rerankers
from ui.shared import frame

Variants = dict[str, dict[str, Any]]


def chooser(settings: Settings, key: str, first: Sequence[str]) -> Variants | None:
    """Offer every pipeline that can run here; None, with the reason shown, if one cannot."""
    try:
        names = choices(settings)
        chosen = st.multiselect(
            "Pipelines",
            names,
            [name for name in first if name in names],
            key=key,
            persist_state="session",
            accept_new_options=True,
            format_func=lambda name: label(settings, name),
            help="Saved pipelines, rerankers, or options such as pool=100,reranker=none",
        )
        return pipelines.resolve(settings, chosen) if chosen else None
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


def choices(settings: Settings) -> list[str]:
    """Return the names to choose from: the current settings, saved pipelines, then rerankers."""
    runs = [one.name for one in rerankers(settings) if not one.reason]
    saved = pipelines.saved(settings.library)
    return list(dict.fromkeys((pipelines.CURRENT, *saved, *runs, AUTO)))


def label(settings: Settings, name: str) -> str:
    """Return a pipeline's name as the page shows it: with and without reranking in words."""
    if name not in (pipelines.CURRENT, "none"):
        return name
    without = "none" in (name, settings.reranker)
    return f"{'Without' if without else 'With'} reranking: {name}"
