"""Generators by name: one line in the table each; `generator_for` picks one from the settings."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from rag.errors import GenerationError, SettingsError
from rag.generate.base import REFUSAL, Generator, Quote, Written
from rag.plugins import plugins
from rag.types import Hit

if TYPE_CHECKING:
    from rag.generate.extract.likeness import Kept
    from rag.models.encoder import Encoder
    from rag.settings import Settings

__all__ = [
    "GENERATORS", "REFUSAL", "Generator", "Quote", "Written", "generator_for", "generator_name"
]  # fmt: skip


def _extractive(settings: Settings, encoder: Encoder, kept: Kept | None) -> Generator:
    from rag.generate.extract.generator import ExtractiveGenerator

    return ExtractiveGenerator(encoder, kept)


def _model(settings: Settings, encoder: Encoder, kept: Kept | None) -> Generator:
    from rag.generate.model import ModelGenerator

    return ModelGenerator(settings)


Build = Callable[["Settings", "Encoder", "Kept | None"], Generator]
GROUP = "ranklens.generators"
GENERATORS: Mapping[str, Build] = {"extractive": _extractive, "model": _model}


class BrokenGenerator:
    """Stands for a plugin that cannot write: the evidence is still there, and the reason."""

    def __init__(self, name: str, reason: str) -> None:
        self.name = name
        self._reason = reason

    def stream(self, question: str, hits: Sequence[Hit]) -> Iterator[str]:
        """Raise `GenerationError` with the reason."""
        raise GenerationError(self._reason)


def generator_name(settings: Settings) -> str:
    """Return the name of what writes answers; "auto" is the model if one is set."""
    if settings.generator != "auto":
        return settings.generator
    return "model" if settings.llm_model else "extractive"


def generator_for(settings: Settings, encoder: Encoder, kept: Kept | None = None) -> Generator:
    """Return the generator that the settings name; "auto" is the model's if one is set.

    ``kept`` looks up the packed token vectors of passages that were kept at ingest. Other packages
    add generators by the entry point `GROUP`: a function with these three arguments. Raises
    `SettingsError` for an unknown name.
    """
    name = generator_name(settings)
    if name in GENERATORS:
        return GENERATORS[name](settings, encoder, kept)
    plugin = plugins(GROUP).get(name)
    if plugin is None:
        names = ", ".join(("auto", *GENERATORS, *plugins(GROUP)))
        raise SettingsError(f"unknown generator {name!r}; there are {names}")
    if plugin.reason:
        return BrokenGenerator(name, plugin.reason)
    try:
        made: Generator = cast(Build, plugin.loaded)(settings, encoder, kept)
    # Another package's code may raise anything.
    except Exception as error:  # noqa: BLE001
        problem = f"failed ({type(error).__name__}: {error})"
        return BrokenGenerator(name, plugin.refused(problem).reason)
    return made
