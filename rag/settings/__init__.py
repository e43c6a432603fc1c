"""Every option: typed, frozen, documented in one place, unknown names refused.

Sources, later ones win: the defaults, the file that ``RANKLENS_CONFIG`` names or else
``ranklens.toml`` of the working folder (which may not set everything: `rag.settings.files`), what
is saved in the library (`ranklens.saved_settings`), the environment (``RANKLENS_POOL=100``), then
what a question or a command line gives (`Settings.updated`). A section is a small file beside this
one; ``docs/settings.md`` is generated from them.
"""

from __future__ import annotations

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Self

from pydantic import SecretStr, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, TomlConfigSettingsSource

from rag.errors import SettingsError
from rag.settings import keys
from rag.settings.answers import AnswerSettings
from rag.settings.base import SHAPES_ANSWER, SHAPES_INDEX, SHAPES_RANKING, Section, shown
from rag.settings.files import CONFIG, SettingsFile, settings_file
from rag.settings.given import SUFFIX, values_in_files
from rag.settings.library import LibrarySettings
from rag.settings.models import ModelSettings
from rag.settings.monitoring import MonitoringSettings
from rag.settings.page import PageSettings
from rag.settings.providers import ProviderSettings
from rag.settings.reranking import RerankingSettings
from rag.settings.retrieval import RetrievalSettings
from rag.settings.saved import checked, savable, why_not_saved
from rag.settings.serving import ServingSettings
from rag.settings.visitors import from_trace, from_visitor

__all__ = [
    "CONFIG",
    "PREFIX",
    "SECTIONS",
    "SHAPES_ANSWER",
    "SHAPES_INDEX",
    "SHAPES_RANKING",
    "Settings",
    "SettingsFile",
    "checked",
    "from_trace",
    "from_visitor",
    "load_settings",
    "savable",
    "set_in_environment",
    "set_in_file",
    "settings_file",
    "settings_table",
    "why_not_saved",
]

PREFIX = "RANKLENS_"
SECTIONS: dict[str, type[Section]] = {
    "Library": LibrarySettings,
    "Models": ModelSettings,
    "Retrieval": RetrievalSettings,
    "Reranking": RerankingSettings,
    "Answers": AnswerSettings,
    "Providers": ProviderSettings,
    "Monitoring": MonitoringSettings,
    "Page": PageSettings,
    "HTTP API": ServingSettings,
}
# Names that are gone, and what holds now.
REMOVED = {
    "rerank_step": "a list-wise model's window moves by half its size (rerank_window)",
    "rerank_pause_seconds": "a provider that failed three times in a row rests for a minute",
    "alert_least": "a figure can alert from ten questions on",
}


class Settings(
    LibrarySettings,
    ModelSettings,
    RetrievalSettings,
    RerankingSettings,
    AnswerSettings,
    ProviderSettings,
    MonitoringSettings,
    PageSettings,
    ServingSettings,
):
    """All options. Instances never change; `updated` makes another one."""

    def updated(self, **changes: Any) -> Self:
        """Return these settings with changes, checked like any other source.

        A key stays only where it was set for: if the origin of its address changes and no new key
        is among the changes, it is empty afterwards.
        """
        before = self.model_dump()
        after = before | changes
        lost = keys.dropped(before, after, changes)
        return self.from_mapping(after | lost, "the given options")

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any], source: str) -> Self:
        """Check ``values``; raises `SettingsError` that names the option and its source."""
        _refuse_unknown(values, source)
        try:
            return cls(**values)
        except ValidationError as error:
            raise SettingsError(_explain(error, source)) from None

    def shaping(self, *what: str) -> dict[str, Any]:
        """Return the options that shape the index, a ranking or an answer, ready for JSON.

        Addresses come without the name and password that they may hold.
        """
        values = self.model_dump(mode="json", include=_names_shaping(what))
        return {name: shown(name, value) for name, value in values.items()}


class _Sources(Settings, BaseSettings):  # type: ignore[misc]  # both know ``model_config``
    """The same options, for pydantic-settings to look up; never made."""


def load_settings(folder: Path | None = None, **changes: Any) -> Settings:
    """Read defaults, ``ranklens.toml`` and the environment, then apply ``changes``.

    A key stays only where it was set for, as in `Settings.updated`.
    Raises `SettingsError` on an unknown or malformed option, or one that the file may not set,
    naming it and its source.
    """
    file = settings_file(folder)
    values = _from_toml(file) if file else {}
    values |= _from_environment()
    given = {name: value for name, value in changes.items() if value is not None}
    values |= given | keys.dropped(values, values | given, given)
    values |= keys.usual_keys(values)
    source = f"{file.path.name} or the environment" if file else "the environment"
    return Settings.from_mapping(values, source)


def set_in_file(folder: Path | None = None) -> dict[str, str]:
    """Return the options that the settings file sets, each with the file's name."""
    file = settings_file(folder)
    return dict.fromkeys(_from_toml(file), file.path.name) if file else {}


def set_in_environment() -> dict[str, str]:
    """Return the options that the environment sets, each with its variable; keys too."""
    found = {name: _variable(name) for name in _from_environment()}
    usual = {name: key.usual for name, key in keys.KEYS.items() if os.environ.get(key.usual)}
    return usual | found


def settings_table(settings: Settings) -> list[tuple[str, str, str, str]]:
    """Return (option, value, default, description) for every option; secrets only as set or not."""
    rows = []
    for section in SECTIONS.values():
        for name, field in section.model_fields.items():
            value = shown(name, getattr(settings, name))
            rows.append((name, _shown(value), _shown(field.default), field.description or ""))
    return rows


def _shown(value: Any) -> str:
    if isinstance(value, SecretStr):
        return "(set)" if value.get_secret_value() else "(not set)"
    return "none" if value is None else str(value)


def _variable(name: str) -> str:
    variable = f"{PREFIX}{name.upper()}"
    return variable + SUFFIX if variable + SUFFIX in os.environ else variable


def _from_environment() -> dict[str, Any]:
    upper = (name.upper() for name in os.environ)
    names = (n.removesuffix(SUFFIX) for n in upper if n.startswith(PREFIX) and n != CONFIG)
    given = {name.removeprefix(PREFIX).lower() for name in names}
    _refuse_unknown(given, "the environment", PREFIX)
    values = EnvSettingsSource(_Sources, env_prefix=PREFIX)()
    values |= values_in_files(PREFIX, Settings.model_fields)
    return {name: _none_or(name, value) for name, value in values.items()}


def _none_or(name: str, value: Any) -> Any:
    # "none" is a value of its own for some options: a reranker, a language.
    may_be_none = Settings.model_fields[name].default is None
    return None if may_be_none and str(value).lower() == "none" else value


def _from_toml(file: SettingsFile) -> dict[str, Any]:
    path = file.path
    try:
        path.read_bytes()  # TomlConfigSettingsSource skips a file that is not there
        values = TomlConfigSettingsSource(_Sources, path)()
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML: {error}") from None
    except (ValueError, RecursionError):
        why = "a number is too long, or its brackets are nested too deep"
        raise SettingsError(f"{path}: cannot be read: {why}") from None
    _refuse_unknown(values, str(path))
    file.refuse_untrusted(values, Settings.model_fields)
    return values


def _refuse_unknown(values: Iterable[str], source: str, prefix: str = "") -> None:
    known = Settings.model_fields
    for name in values:
        shown = prefix + name.upper() if prefix else name
        if name in REMOVED:
            raise SettingsError(f"option {shown} in {source} is gone: {REMOVED[name]}; remove it")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.0)[0]
            near = prefix + near.upper() if prefix else near
            raise SettingsError(
                f"unknown option {shown} in {source}; did you mean {near}? "
                "`ranklens settings` lists them all"
            )


def _explain(error: ValidationError, source: str) -> str:
    first = error.errors(include_url=False, include_input=False)[0]
    name = ".".join(str(part) for part in first["loc"])
    return f"option {name} in {source}: {first['msg']}"


@cache
def _names_shaping(what: tuple[str, ...]) -> set[str]:
    """Return the options that shape any of these, found once: every question needs them."""
    extras = {name: field.json_schema_extra for name, field in Settings.model_fields.items()}
    return {
        n for n, extra in extras.items() if isinstance(extra, dict) and extra.get("shapes") in what
    }
