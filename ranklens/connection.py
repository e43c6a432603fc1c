"""Who writes the answers: the kinds of provider, and whether one is there with its models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rag.llm.connection import PRESETS, Connection, connect
from rag.settings import Settings

__all__ = ["PRESETS", "Connection", "connect"]

COHERE, OTHER = "Cohere", "Another address"
KINDS = (*PRESETS, COHERE, OTHER)
NO_MODEL = {"llm_model": ""}  # answers quote the documents


def kind_of(settings: Settings) -> str | None:
    """Return which of `KINDS` writes the answers; None if the documents are quoted."""
    if not settings.llm_model:
        return None
    if settings.llm_provider == "cohere":
        return COHERE
    return next((kind for kind, url in PRESETS.items() if url == settings.llm_base_url), OTHER)


def has_key(settings: Settings, kind: str) -> bool:
    """Return whether the settings have a key for a kind of provider."""
    return bool(getattr(settings, _key_option(kind)).get_secret_value())


def options(kind: str, url: str, key: str) -> dict[str, Any]:
    """Return the settings of a connection; without a ``key`` the one that is set stays."""
    found = {"llm_provider": "cohere" if kind == COHERE else "openai"}
    if kind != COHERE:
        found["llm_base_url"] = url.strip()
    if key.strip():
        found[_key_option(kind)] = key.strip()
    return found


def as_toml(chosen: Mapping[str, Any]) -> str:
    """Return settings as lines for ranklens.toml, without keys."""
    lines = (f'{name} = "{value}"' for name, value in chosen.items() if not name.endswith("_key"))
    return "\n".join(lines)


def _key_option(kind: str) -> str:
    return "cohere_api_key" if kind == COHERE else "llm_api_key"
