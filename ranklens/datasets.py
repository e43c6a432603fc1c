"""Evaluating on a folder: a library of its own, made once and kept."""

from __future__ import annotations

from pathlib import Path

from rag.settings import Settings
from ranklens.library import Library


def open_library(settings: Settings, folder: Path) -> Library:
    """Open a dataset's library; one made with another encoder or chunks is indexed again."""
    return Library.open(settings.updated(library=folder), reindex=True)
