"""Controls of query expansion and of the second hop."""

from __future__ import annotations

from typing import Any

import streamlit as st

from rag.retrieve.expand import FEEDBACK, NONE, VARIANTS, chosen
from rag.settings import Settings

LABELS = {
    FEEDBACK: "words of the first passages",
    "llm-synonyms": "other words (LLM)",
    "llm-specific": "more specific (LLM)",
    "llm-general": "more general (LLM)",
    "hyde": "a made-up answer (HyDE, LLM)",
}


def controls(settings: Settings) -> dict[str, Any]:
    """Show the controls and return the options that they stand for."""
    known = list(VARIANTS) if settings.llm_model else [FEEDBACK]
    set_already = [name for name in chosen(settings.expansion) if name not in known]
    picked = st.multiselect(
        "Expansion: variants that are searched for too",
        [*known, *set_already],
        chosen(settings.expansion),
        key="expansion",
        persist_state="session",
        format_func=lambda name: LABELS.get(name, name),
        placeholder="none",
        help=None if settings.llm_model else "More of them with a language model (llm_model).",
    )
    hop = st.toggle(
        "Second hop: search for what the best passages name",
        settings.hops > 1,
        key="hops",
        persist_state="session",
    )
    return {"expansion": ",".join(picked) or NONE, "hops": 2 if hop else 1}


def summary(options: dict[str, Any]) -> str:
    """Say in a few words what is on, nothing where neither is."""
    parts = [] if options["expansion"] == NONE else [f"with {options['expansion']}"]
    return " · ".join([*parts, "two hops"] if options["hops"] > 1 else parts)
