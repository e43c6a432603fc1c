"""Who writes the answers: the kinds of provider, and whether one is there with its models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rag.llm.connection import PRESETS, Connection, connect
from rag.settings import Settings
from rag.settings.addresses import without_login
from rag.settings.keys import KEYS

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


def default_url(settings: Settings, kind: str) -> str:
    """Return the address to offer for a kind of provider, as it may be shown."""
    return without_login(settings.llm_base_url) if kind == OTHER else PRESETS.get(kind, "")


def has_key(settings: Settings, kind: str, url: str) -> bool:
    """Return whether the settings have a key for this address."""
    tried = settings.updated(**options(settings, kind, url, ""))
    return bool(getattr(tried, _key_option(kind)).get_secret_value())


def options(settings: Settings, kind: str, url: str, key: str) -> dict[str, Any]:
    """Return what a visitor chose as changes of the settings that hold here.

    Without a ``key`` the one that is set stays, if the address has the same origin
    (`Settings.updated`). What an address of another origin writes in its errors is not shown: it
    may be any server that this machine can reach.
    """
    found: dict[str, Any] = {"llm_provider": "cohere" if kind == COHERE else "openai"}
    if kind != COHERE:
        found["llm_base_url"] = _as_set(settings, url.strip())
        bound = KEYS["llm_api_key"]
        if bound.origin(found) != bound.origin(dict(settings)):
            found["provider_words"] = False
    if key.strip():
        found[_key_option(kind)] = key.strip()
    return found


def as_toml(chosen: Mapping[str, Any]) -> str:
    """Return settings as lines for ranklens.toml, without keys and passwords."""
    lines = (
        f'{name} = "{without_login(value)}"'
        for name, value in chosen.items()
        if isinstance(value, str) and not name.endswith("_key")
    )
    return "\n".join(lines)


def _as_set(settings: Settings, url: str) -> str:
    """Return the address of the settings, with its login, if a visitor left it as it is shown."""
    return settings.llm_base_url if url == without_login(settings.llm_base_url) else url


def _key_option(kind: str) -> str:
    return "cohere_api_key" if kind == COHERE else "llm_api_key"
