"""Choosing a reranker: what can run here, and what cannot with the reason; what one did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st
from markupsafe import Markup

from rag.settings import Settings
from rag.text.labels import duration
from rag.types import Scalar, Stage, StageName, Trace
from ranklens.models import AUTO, Availability, rerankers
from ui.shared import frame
from ui.shared.html import render

COMBINED = "hybrid:NAME, cascade:A>B, rrf:A+B"


def chooser(settings: Settings) -> str:
    """Offer every reranker that can run here; the Models page has the others, with reasons."""
    frame.style("shared/models.css")
    found = rerankers(settings)
    names = choices(found, settings.reranker, st.session_state.get("reranker"))
    st.session_state.setdefault("reranker", settings.reranker)
    chosen = st.selectbox(
        "Reranker",
        names,
        key="reranker",
        persist_state="session",
        label_visibility="collapsed",
        accept_new_options=True,
        help=f"A name from the list, or a combination: {COMBINED}. The Models page has more.",
        format_func=lambda name: f"Reranker: {name}",
        width=330,
    )
    return chosen or AUTO


def choices(found: Sequence[Availability], configured: str, shown: str | None = None) -> list[str]:
    """Return the names to choose from: auto, what can run, the settings' own, the shown one."""
    names = [AUTO, *(one.name for one in found if not one.reason), configured, shown or AUTO]
    return list(dict.fromkeys(names))


def ran(trace: Trace) -> Markup:
    """Return as HTML what the reranker did: time, pairs, cache, cost, how much it read."""
    stage = trace.stage(StageName.RERANKED)
    return render("ask/ran.html", facts=facts_of(stage)) if stage else Markup()


def facts_of(stage: Stage) -> list[tuple[str, str]]:
    """Return the facts of a reranking, (name, fact), without those that do not apply."""
    details = stage.details
    facts: list[tuple[str, Any]] = [
        ("Reranker", stage.reranker),
        ("time", duration(stage.seconds)),
        ("pairs scored", details.get("pairs", 0)),
        ("from the cache", details.get("cache_hits")),
        ("cost", _cost(details)),
        ("tokens", _tokens(details)),
        ("of the passages", _read(details)),
    ]
    return [(name, str(fact)) for name, fact in facts if fact not in (None, "")]


def _cost(details: Mapping[str, Scalar]) -> str:
    usd = details.get("cost_usd")
    return f"${usd:.4f}" if isinstance(usd, int | float) and not isinstance(usd, bool) else ""


def _tokens(details: Mapping[str, Scalar]) -> str:
    given, made = details.get("prompt_tokens"), details.get("completion_tokens")
    return f"{given:,} in, {made:,} out" if isinstance(given, int) and isinstance(made, int) else ""


def _read(details: Mapping[str, Scalar]) -> str:
    """Return how much of the passages was read: “the reranker read 412 of 530 tokens”."""
    seen, total = details.get("tokens_read"), details.get("tokens_total")
    if not isinstance(seen, int) or not isinstance(total, int) or not total:
        return ""
    if seen < total:
        return f"the reranker read {seen:,} of {total:,} tokens"
    return f"all {total:,} tokens read"
