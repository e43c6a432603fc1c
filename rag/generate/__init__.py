"""Generators by name: one line in the table each; `generator_for` picks one from the settings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from rag.generate.base import REFUSAL, Generator, Quote, Written

if TYPE_CHECKING:
    from rag.generate.likeness import Kept
    from rag.models.encoder import Encoder
    from rag.settings import Settings

__all__ = ["GENERATORS", "REFUSAL", "Generator", "Quote", "Written", "generator_for"]


def _extractive(settings: Settings, encoder: Encoder, kept: Kept | None) -> Generator:
    from rag.generate.extractive import ExtractiveGenerator

    return ExtractiveGenerator(encoder, kept)


def _model(settings: Settings, encoder: Encoder, kept: Kept | None) -> Generator:
    from rag.generate.model import ModelGenerator

    return ModelGenerator(settings)


GENERATORS: Mapping[str, Callable[[Settings, Encoder, Kept | None], Generator]] = {
    "extractive": _extractive,
    "model": _model,
}


def generator_for(settings: Settings, encoder: Encoder, kept: Kept | None = None) -> Generator:
    """Return the model's generator if one is configured, else the extractive one.

    ``kept`` looks up the packed token vectors of passages that were kept at ingest.
    """
    return GENERATORS["model" if settings.llm_model else "extractive"](settings, encoder, kept)
