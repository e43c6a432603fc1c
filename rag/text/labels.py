"""Stages and times as people read them, on the page, in reports and on a terminal."""

from __future__ import annotations

import math

_TITLES = {
    "lexical": "BM25",
    "hyde": "HyDE",
    "llm-synonyms": "Other words",
    "llm-specific": "More specific",
    "llm-general": "More general",
}


def stage_title(stage: str) -> str:
    """Return a stage's name for people."""
    return _TITLES.get(stage, stage.replace("-", " ").capitalize())


def duration(seconds: float) -> str:
    """Write a time so that three figures of it can be read; a dash if there is none (NaN)."""
    if math.isnan(seconds):
        return "–"
    if seconds >= 1:
        return f"{seconds:.2f} s"
    return f"{seconds * 1000:.0f} ms" if seconds >= 0.01 else f"{seconds * 1000:.1f} ms"
