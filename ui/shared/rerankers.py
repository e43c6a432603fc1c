"""Rerankers on the Ask page: which can run here and why others cannot, and what one did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from rag.rerank.table import AUTO, Availability
from rag.settings import Settings
from rag.types import Scalar, Stage, Trace
from ui.shared.frame import escape
from ui.shared.inventory import Item, inventory, rerankers
from ui.shared.stages import duration

COMBINED = "hybrid:NAME, cascade:A>B, rrf:A+B"
STYLE = Path(__file__).parent / "models.css"


def chooser(settings: Settings) -> str:
    """Offer every reranker that can run here; list the others in grey, each with its reason."""
    st.html(STYLE)
    found = rerankers(settings)
    names = choices(found, settings.reranker)
    chosen = st.selectbox(
        "Reranker",
        names,
        index=names.index(settings.reranker),
        key="reranker",
        persist_state="session",
        label_visibility="collapsed",
        accept_new_options=True,
        help=f"A name from the list, or a combination: {COMBINED}",
        format_func=lambda name: f"Reranker: {name}",
        width=330,
    )
    absent = [one for one in found if one.reason]
    if absent:
        items = inventory(settings)
        with st.popover(f"{len(absent)} not set up", key="absent"):
            st.html(greyed([briefly(one, items) for one in absent]))
    return chosen or AUTO


def briefly(one: Availability, items: list[Item]) -> Availability:
    """Shorten the reason of a reranker whose model is not here: the Models page has the rest."""
    needed = (item for item in items if one.name in item.used_by and not item.here.folder)
    item = next(needed, None)
    if item is None or item.here.problem:
        return one
    reason = f"{item.model.name} is not on this machine ({item.size}); the page Models downloads it"
    return replace(one, reason=reason)


def choices(found: list[Availability], asked_for: str) -> list[str]:
    """Return the names to choose from: auto, what can run, and what the settings ask for."""
    names = [AUTO, *(one.name for one in found if not one.reason)]
    return names if asked_for in names else [*names, asked_for]


def greyed(absent: list[Availability]) -> str:
    """Return rerankers that cannot run here as a list: what is missing and what to do."""
    return f'<ul class="rl-runners">{"".join(map(row, absent))}</ul>'


def row(one: Availability) -> str:
    """Return a reranker as a line of a list; one that cannot run is grey and says why."""
    kind, sign = ("idle", "") if one.reason else ("", "✓ ")
    about = one.reason or one.summary
    return f'<li class="{kind}"><b>{sign}{escape(one.name)}</b><span>{escape(about)}</span></li>'


def ran(trace: Trace) -> str:
    """Say as HTML what the reranker that ran did: time, pairs, cache, cost, what it read."""
    stage = trace.stage("reranked")
    if stage is None:
        return ""
    facts = "".join(
        f"<span>{escape(name)} <b>{escape(fact)}</b></span>" for name, fact in told(stage)
    )
    return f'<p class="rl-ran">{facts}</p>'


def told(stage: Stage) -> list[tuple[str, str]]:
    """Return the facts of a reranking, (name, fact), without those that do not apply."""
    details = stage.details
    facts: list[tuple[str, Any]] = [
        ("Reranker", details.get("reranker", "")),
        ("time", duration(stage.seconds)),
        ("pairs scored", details.get("pairs", 0)),
        ("from the cache", details.get("cache_hits")),
        ("cost", cost(details)),
        ("tokens", _used(details)),
        ("of the passages", read(details)),
    ]
    return [(name, str(fact)) for name, fact in facts if fact not in (None, "")]


def cost(details: Mapping[str, Scalar]) -> str:
    """Write what a reranking cost, nothing where that is not known."""
    usd = details.get("cost_usd")
    return f"${usd:.4f}" if isinstance(usd, int | float) and not isinstance(usd, bool) else ""


def read(details: Mapping[str, Scalar]) -> str:
    """Say how much of the passages was read: “the reranker read 412 of 530 tokens”."""
    seen, total = details.get("tokens_read"), details.get("tokens_total")
    if not isinstance(seen, int) or not isinstance(total, int) or not total:
        return ""
    return (
        f"the reranker read {seen:,} of {total:,} tokens"
        if seen < total
        else (f"all {total:,} tokens read")
    )


def _used(details: Mapping[str, Scalar]) -> str:
    given, made = details.get("prompt_tokens"), details.get("completion_tokens")
    return f"{given:,} in, {made:,} out" if isinstance(given, int) and isinstance(made, int) else ""
