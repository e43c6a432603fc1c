"""Evaluating on a folder: a library of its own, made once and kept."""

from __future__ import annotations

from pathlib import Path

from rag.errors import LibraryMismatch
from rag.settings import Settings
from ranklens.library import Library


def open_library(settings: Settings, folder: Path) -> Library:
    """Open a dataset's library; one made with another encoder or chunks is indexed again."""
    own = settings.updated(library=folder)
    try:
        return Library.open(own)
    except LibraryMismatch:
        return Library.open(own, reindex=True)
