"""The language model that judging asks: which one, what to do without, what its calls came to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.errors import RanklensError
from rag.settings import Settings
from ranklens.judging import CallsOutcome, check_model
from ui.shared import frame, state
from ui.shared.html import show

if TYPE_CHECKING:
    from ranklens.library import Library


NO_MODEL = (
    "Add a connection to a language model on the Settings page, under “Model connections”, or "
    "choose one there under “Who writes the answers”."
)


def settings_or_advice(library: Library) -> Settings | None:
    """Return the settings with this session's model; None, and how to set one, without a model."""
    settings = state.settings(library)
    if not settings.llm_model:
        frame.notice(NO_MODEL, "No model to ask yet")
        return None
    try:
        check_model(settings)
    except RanklensError as error:
        frame.notice(f"{error}.", "The model cannot be asked", "warn")
        return None
    return settings


def show_outcome(what: str, outcome: CallsOutcome, done: str, nothing: str = "") -> None:
    """Show what calls came to: kept, failed, tokens, cost; each failure folded below.

    ``done`` follows the number of those that were kept; ``nothing`` is shown if there was no call
    to make.
    """
    show("judge/outcome.html", what=what, outcome=outcome, done=done, nothing=nothing)
