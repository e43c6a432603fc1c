"""Asking the language model for work of its own: which one, what to do without, what it came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.evaluate.asking import CallsOutcome
from rag.llm.client import LanguageModel, configured
from rag.settings import Settings
from rag.text.plural import plural
from ui.shared import frame
from ui.shared.frame import escape

if TYPE_CHECKING:
    from ranklens.library import Library

SHOWN = 20


def settings_of(library: Library) -> Settings:
    """Return the settings with the model that was chosen on the page Answers, where one was."""
    return library.settings.updated(**st.session_state.get("llm", {}))


def model_or_advice(library: Library) -> LanguageModel | None:
    """Return the model to ask; without one show how to set it, and return None."""
    try:
        return configured(settings_of(library))
    except RanklensError as error:
        frame.notice(f"{error}. Or choose one on the page Answers.", "No model to ask yet")
        return None


def told(outcome: CallsOutcome, what: str, nothing: str = "Nothing was left to ask.") -> str:
    """Return what calls came to as HTML: kept, failed, tokens, cost; each failure folded below.

    ``nothing`` is what to say where there was no call to make, as text.
    """
    if not outcome.total and not outcome.failures:
        return f'<p class="rl-say">{escape(nothing)}</p>'
    used = outcome.used
    calls, retries = (int(used[name] or 0) for name in ("calls", "retries"))
    parts = [
        f"{outcome.made:,} of {outcome.total:,} {what}"
        + (", stopped; what was done is kept" if outcome.stopped else ""),
        plural(calls, "call") + (f" and {plural(retries, 'retry', 'retries')}" if retries else ""),
        f"{used['prompt_tokens']:,} tokens read, {used['completion_tokens']:,} written",
    ]
    if (cost := used.get("cost_usd")) is not None:
        parts.append(f"${float(cost):.4f}")
    said = f'<p class="rl-say">{escape(" · ".join(parts))}</p>'
    if not outcome.failures:
        return said
    shown = "".join(f"<li>{escape(one)}</li>" for one in outcome.failures[:SHOWN])
    more = len(outcome.failures) - SHOWN
    rest = f"<li>and {more:,} more</li>" if more > 0 else ""
    return (
        f'{said}<details class="rl-failures" open><summary>{len(outcome.failures):,} failed; '
        f"nothing of them is kept</summary><ul>{shown}{rest}</ul></details>"
    )
