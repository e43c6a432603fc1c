"""A question as it was typed, before anything reads it."""

from __future__ import annotations

from rag.errors import RanklensError
from rag.settings import Settings
from rag.text.typed import clean, too_long


def checked_question(text: str, settings: Settings) -> str:
    """Return a question that can be searched for; raises `RanklensError` if it is too long."""
    text = text.strip()
    if reason := too_long(text, settings.max_question_characters, "the question"):
        raise RanklensError(
            f"{reason} (max_question_characters). Ask in fewer words; a long text can be added to "
            "the library as a document"
        )
    return clean(text)
