"""Pipelines by name: a reranker, options written out, or settings saved under a name."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from rag.errors import SettingsError
from rag.rerank.table import AUTO, by_name
from rag.settings import Settings, from_visitor
from rag.store.facts import facts_of
from rag.text.typed import LONGEST_NAME, clean, too_long

Variants = Mapping[str, Mapping[str, Any]]
"""Pipeline's name → the settings in which it differs from the current ones."""
CURRENT = "current"
PIPELINES, NOTES = "pipelines", "pipeline-notes"  # facts of a library
LONGEST_OPTIONS = 2_000  # characters of options that are written out


def describe(name: str, reranker: str) -> str:
    """Return a pipeline's name as people read it: with and without reranking in words.

    ``reranker`` is what reranks in it.
    """
    if name == "none":
        return "Without reranking"
    if name != CURRENT:
        return name
    return "Without reranking (current)" if reranker == "none" else f"With reranking ({reranker})"


def model_of(reranker: str, cross_encoder: object) -> str:
    """Return how a reranker is called: by its model, if it is the cross-encoder of the settings."""
    return str(cross_encoder).rpartition("/")[2] if reranker == "cross-encoder" else reranker


def saved(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return the library's saved pipelines: name → the options in which it differs."""
    try:
        return _pipelines(facts_of(settings).read(PIPELINES))
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise SettingsError(
            f"{PIPELINES}.json of the library cannot be read ({error}); repair or delete it"
        ) from None


def _pipelines(held: Any) -> dict[str, dict[str, Any]]:
    return {str(name): dict(options) for name, options in (held or {}).items()}


def check_name(name: str) -> str:
    """Return a pipeline's name as it is kept; raises `SettingsError` if it is wrong."""
    if not name.strip() or any(sign in name for sign in "=,:"):
        raise SettingsError(f"a pipeline cannot be called {name!r}; use letters, digits and dashes")
    if reason := too_long(name, LONGEST_NAME, "a pipeline's name"):
        raise SettingsError(reason)
    name = clean(name)
    if name in (CURRENT, AUTO, *by_name()):
        raise SettingsError(f"{name!r} has a meaning of its own; give the pipeline another name")
    return name


def save(settings: Settings, name: str, options: Mapping[str, Any], note: str = "") -> None:
    """Keep a visitor's ``options`` under a name in the library, and what is known of their worth.

    Raises `SettingsError` if they are wrong or not a visitor's to set.
    """
    name = check_name(name)
    from_visitor(settings, options)
    saved(settings)  # a damaged file is not written over
    facts = facts_of(settings)
    facts.change(PIPELINES, lambda held: {**_pipelines(held), name: dict(options)})
    _note(settings, name, note)


def notes(settings: Settings) -> dict[str, str]:
    """Return what is known of saved pipelines, in a sentence: name → its held-out figure."""
    try:
        return _notes(facts_of(settings).read(NOTES))
    except (OSError, ValueError):
        return {}


def _notes(held: Any) -> dict[str, str]:
    return {str(k): str(text) for k, text in held.items()} if isinstance(held, dict) else {}


def delete(settings: Settings, name: str) -> bool:
    """Delete a saved pipeline; False if there is none of that name."""
    if name not in saved(settings):
        return False

    def without(held: Any) -> dict[str, dict[str, Any]]:
        return {other: options for other, options in _pipelines(held).items() if other != name}

    facts_of(settings).change(PIPELINES, without)
    _note(settings, name, "")
    return True


def resolve(
    settings: Settings, names: Sequence[str], *, owner: bool = False
) -> dict[str, dict[str, Any]]:
    """Return name → options for the pipelines that a user names; the current settings for none.

    A name is a saved pipeline, a reranker, or options such as ``pool=100,reranker=none``, which
    may have a name of their own in front: ``wide:pool=100``. Options that are written out are a
    visitor's, checked by `from_visitor`, unless the ``owner`` of the settings writes them (command
    line, Python); those of saved pipelines always are. Raises `SettingsError` otherwise.
    """
    held = saved(settings)
    found: dict[str, dict[str, Any]] = {}
    for given in names or (CURRENT,):
        name, options = _resolved(given, held)
        if owner and given not in held:
            settings.updated(**options)
        else:
            from_visitor(settings, options)
        found[name] = options
    return found


def _resolved(given: str, held: Mapping[str, dict[str, Any]]) -> tuple[str, dict[str, Any]]:
    if given in held:
        return given, held[given]
    if reason := too_long(given, LONGEST_OPTIONS, "a pipeline"):
        raise SettingsError(reason)
    if given == CURRENT:
        return given, {}
    if given in (AUTO, *by_name()):
        return given, {"reranker": given}
    if "=" in given:
        head = given.split("=", 1)[0]
        name, written = given.split(":", 1) if ":" in head else (given, given)
        # A value may hold commas of its own: expansion=feedback,hyde.
        return name, dict(_option(part, given) for part in re.split(r",(?=[^,=]*=)", written))
    names = ", ".join(dict.fromkeys((*held, CURRENT, AUTO, *by_name())))
    raise SettingsError(
        f"there is no pipeline {given!r}; there are {names}, or write options: pool=100"
    )


def _option(part: str, given: str) -> tuple[str, str | None]:
    name, sign, value = (piece.strip() for piece in part.partition("="))
    if not sign or not name:
        raise SettingsError(f"pipeline {given!r}: {part!r} is not of the form option=value")
    return name, None if value.lower() == "none" and name == "threshold" else value


def _note(settings: Settings, name: str, note: str) -> None:
    """Put a note in place of the one that a pipeline had."""
    before = notes(settings)
    if note == before.get(name, ""):
        return

    def changed(held: Any) -> dict[str, str]:
        others = {other: text for other, text in _notes(held).items() if other != name}
        return {**others, name: note} if note else others

    facts_of(settings).change(NOTES, changed)
