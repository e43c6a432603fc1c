"""What writes the answers: named connections to language models, or the documents' own sentences.

Connections are saved in the library. Their keys are not: a key comes from the environment, or
stands in a file that only its owner can read (`KEYS_FILE`), with the origin that it belongs to.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from rag.errors import SettingsError, StorageError
from rag.llm.connection import PRESETS, Connection, connect
from rag.settings import Settings
from rag.settings.addresses import login, without_login
from rag.settings.keys import KEYS, usual_keys
from rag.store.durable import write_file
from rag.store.saved_settings import ModelConnection
from ranklens.records import Records

__all__ = ["PRESETS", "Connection", "ModelConnection", "connect"]

log = logging.getLogger(__name__)

COHERE, OTHER = "Cohere", "Another address"
KINDS = (*PRESETS, COHERE, OTHER)
NO_MODEL: Mapping[str, Any] = {"llm_model": ""}  # answers quote the documents
QUOTE, AS_SET = "", "(as set)"
"""Choices that are no connection: quote the documents; what file and environment say."""
OPTIONS = (
    "llm_provider", "llm_base_url", "llm_model", "llm_api_key", "cohere_api_key", "provider_words",
)  # fmt: skip
KEYS_FILE = "model-keys.json"
LONGEST_NAME = 60


def choices(library: Records) -> dict[str, str]:
    """Return what can write the answers, each with its words for a control."""
    model = library.given.llm_model
    as_set = {AS_SET: f"{model} (from the settings)"} if model else {}
    named = {one.name: f"{one.name}: {one.model}" for one in library.saved.connections()}
    return {QUOTE: "No model: quote the documents", **as_set, **named}


def in_use(library: Records) -> str:
    """Return which of `choices` writes the answers: what was chosen, else what the settings say."""
    chosen = library.saved.in_use
    gone = chosen and all(one.name != chosen for one in library.saved.connections())
    if chosen is None or gone:
        return AS_SET if library.given.llm_model else QUOTE
    return chosen


def changes(library: Records, choice: str) -> dict[str, Any]:
    """Return a choice as changes of the library's settings, keys included."""
    given = library.given
    if choice == AS_SET:
        found: Mapping[str, Any] = {}
    elif choice == QUOTE:
        found = NO_MODEL
    else:
        found = _of_connection(library, choice)
    tried = given.updated(**found)
    return {name: getattr(tried, name) for name in OPTIONS}


def add(library: Records, one: ModelConnection, key: str = "") -> None:
    """Save a connection, with a key of its own if one is given; raises `SettingsError`.

    A connection of the same name is replaced; without a ``key`` its own stays, if the address has
    the same origin.
    """
    name = " ".join(one.name.split())
    if not name or len(name) > LONGEST_NAME or not name.isprintable() or name.startswith("("):
        raise SettingsError(f"a connection needs a name of 1 to {LONGEST_NAME} printable letters")
    if not one.model.strip() or one.kind not in KINDS:
        raise SettingsError("a connection needs a kind of provider and a model")
    if login(one.url):
        raise SettingsError(
            "an address with a name and password cannot be saved; set it in the environment "
            "(RANKLENS_LLM_BASE_URL)"
        )
    one = ModelConnection(name, one.kind, one.url.strip(), one.model.strip())
    library.given.updated(**options(library.given, one.kind, one.url, key), llm_model=one.model)
    if key.strip():
        held = _held(library)
        held[name] = {"origin": _origin(library.given, one), "key": key.strip()}
        _hold(library, held)
    library.saved.connect(one)


def remove(library: Records, name: str) -> None:
    """Remove a connection and its key."""
    held = _held(library)
    if held.pop(name, None):
        _hold(library, held)
    library.saved.disconnect(name)


def key_source(library: Records, one: ModelConnection) -> str:
    """Return in words where a connection's key comes from; never the key."""
    if _own_key(library, one):
        return f"in {KEYS_FILE}"
    return "from the settings" if has_key(library.given, one.kind, one.url) else "none"


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
    """Return whether the settings or the environment have a key for this address."""
    tried = settings.updated(**options(settings, kind, url, ""))
    return bool(getattr(tried, _key_option(kind)).get_secret_value())


def options(settings: Settings, kind: str, url: str, key: str) -> dict[str, Any]:
    """Return a kind of provider, its address and a key as changes of the settings that hold here.

    Without a ``key`` the one that is set stays, if the address has the same origin
    (`Settings.updated`), or else the provider's own variable counts. What an address of another
    origin writes in its errors is not shown: it may be any server that this machine can reach.
    """
    found: dict[str, Any] = {"llm_provider": "cohere" if kind == COHERE else "openai"}
    if kind != COHERE:
        found["llm_base_url"] = _as_set(settings, url.strip())
        bound = KEYS["llm_api_key"]
        if bound.origin(found) != bound.origin(dict(settings)):
            found["provider_words"] = False
    name = _key_option(kind)
    if key.strip():
        found[name] = key.strip()
    elif usual := usual_keys(dict(settings.updated(**found))).get(name):
        found[name] = usual
    return found


def _of_connection(library: Records, name: str) -> dict[str, Any]:
    one = next(one for one in library.saved.connections() if one.name == name)
    try:
        found = options(library.given, one.kind, one.url, _own_key(library, one))
        library.given.updated(**found)
    except SettingsError as error:
        log.warning("the connection %s is not used: %s", name, error)
        return {}
    return found | {"llm_model": one.model}


def _own_key(library: Records, one: ModelConnection) -> str:
    """Return the key that was typed for a connection, if its address is the one of then."""
    entry = _held(library).get(one.name, {})
    return entry.get("key", "") if entry.get("origin") == _origin(library.given, one) else ""


def _origin(settings: Settings, one: ModelConnection) -> str:
    option = _key_option(one.kind)
    called = {"llm_base_url": one.url} if one.kind != COHERE else dict(settings)
    return KEYS[option].origin(called)


def _held(library: Records) -> dict[str, dict[str, str]]:
    try:
        text = (library.settings.library / KEYS_FILE).read_text("utf-8")
        found: dict[str, dict[str, str]] = json.loads(text)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError):
        log.warning("%s in the library's folder cannot be read; its keys are not used", KEYS_FILE)
        return {}
    return found


def _hold(library: Records, held: Mapping[str, Mapping[str, str]]) -> None:
    try:
        write_file(library.settings.library / KEYS_FILE, json.dumps(held).encode())
    except (OSError, StorageError) as error:
        raise SettingsError(
            f"the key cannot be saved in {KEYS_FILE} ({getattr(error, 'strerror', '') or error}); "
            "if that file is mounted, change it there, or set the key in the environment"
        ) from None


def _as_set(settings: Settings, url: str) -> str:
    """Return the address of the settings, with its login, if it was left as it is shown."""
    return settings.llm_base_url if url == without_login(settings.llm_base_url) else url


def _key_option(kind: str) -> str:
    return "cohere_api_key" if kind == COHERE else "llm_api_key"
