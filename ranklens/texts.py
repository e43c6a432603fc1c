"""Texts that other programs bring, to be reranked or encoded: their limits."""

from __future__ import annotations

from collections.abc import Sequence

from rag.errors import RanklensError
from rag.settings import Settings
from rag.text.plural import plural
from rag.text.typed import clean, too_long


def checked_texts(texts: Sequence[str], settings: Settings) -> list[str]:
    """Return texts that models can read; raises `RanklensError` if they are too many or too long.

    U+FFFD stands for each lone surrogate.
    """
    if len(texts) > settings.max_texts:
        raise RanklensError(
            f"{plural(len(texts), 'text')} at once, and {settings.max_texts} are allowed "
            "(max_texts); send them in parts"
        )
    for place, text in enumerate(texts):
        if reason := too_long(text, settings.max_text_characters, f"text {place}"):
            raise RanklensError(f"{reason} (max_text_characters); send it in pieces")
    return [clean(text) for text in texts]
