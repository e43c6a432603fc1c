"""Prompt texts in files, with their placeholders checked."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from string import Formatter

from rag.errors import SettingsError
from rag.settings import Settings

PLACEHOLDERS: dict[str, frozenset[str]] = {
    "system": frozenset({"boundary", "refusal"}),
    "user": frozenset({"boundary", "passages", "question", "refusal"}),
    "rewrite": frozenset({"boundary", "history", "question"}),
    "judge": frozenset({"boundary", "statements"}),
    "grade": frozenset({"boundary"}),
    "claims": frozenset({"boundary"}),
    "answer-relevance": frozenset({"boundary"}),
    "useful-sources": frozenset({"boundary"}),
    "questions": frozenset({"boundary", "count"}),
    "context": frozenset({"boundary"}),
    "llm-listwise": frozenset({"boundary"}),
    "llm-pointwise": frozenset({"boundary"}),
    "llm-synonyms": frozenset(),
    "llm-specific": frozenset(),
    "llm-general": frozenset(),
    "hyde": frozenset(),
}


def prompt(settings: Settings, name: str) -> str:
    """Return a prompt text: the user's own from the folder ``prompts``, else the built-in one.

    Raises `SettingsError` that names what is wrong with the user's.
    """
    if not settings.prompts:
        return built_in(name)
    folder = Path(settings.prompts).expanduser()
    if not folder.is_dir():
        raise SettingsError(f"option prompts: {folder} is no folder")
    path = folder / f"{name}.txt"
    return from_file(path, name) if path.is_file() else built_in(name)


def built_in(name: str) -> str:
    """Return the prompt text that comes with the package: ``system``, ``user`` and so on."""
    text = resources.files("rag.llm").joinpath("prompts", f"{name}.txt").read_text("utf-8")
    return checked(text, name, f"prompts/{name}.txt")


def from_file(path: Path, name: str) -> str:
    """Return a user's own prompt text; raises `SettingsError` that names what is wrong with it."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"the prompt file {path} cannot be read: {error}") from None
    return checked(text, name, str(path))


def checked(text: str, name: str, source: str) -> str:
    """Return ``text`` if it holds every placeholder of prompt ``name`` and no other."""
    needed = PLACEHOLDERS[name]
    listed = ", ".join(f"{{{placeholder}}}" for placeholder in sorted(needed)) or "none"
    try:
        found = {field for _, field, _, _ in Formatter().parse(text) if field is not None}
    except ValueError as error:
        raise SettingsError(
            f"{source}: {error}; write a brace that is meant as such twice ({{{{ or }}}})"
        ) from None
    if unknown := sorted(found - needed):
        raise SettingsError(f"{source}: unknown placeholder {{{unknown[0]}}}; there are {listed}")
    if missing := sorted(needed - found):
        raise SettingsError(
            f"{source}: placeholder {{{missing[0]}}} is missing; needed are {listed}"
        )
    return text
