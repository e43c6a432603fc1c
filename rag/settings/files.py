"""The settings file: which one is read, and what one that nobody named may not set."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from rag.errors import SettingsError

CONFIG = "RANKLENS_CONFIG"
USUAL = "ranklens.toml"


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """A file of settings; ``named`` if the user named it, else it lay in the working folder.

    The working folder can be one that somebody else filled: a download, an archive, a share.
    """

    path: Path
    named: bool

    @property
    def origin(self) -> str:
        """How it came to be read, in words."""
        return f"named by --config or {CONFIG}" if self.named else "found in the working folder"

    def refuse_untrusted(self, values: Mapping[str, Any], fields: Mapping[str, FieldInfo]) -> None:
        """Raise `SettingsError` if nobody named this file and it sets what needs trust."""
        if self.named:
            return
        refused = [name for name, value in values.items() if _needs_trust(fields[name], value)]
        if refused:
            raise SettingsError(
                f"{self.path} sets {', '.join(refused)}: where text and keys go, what is opened or "
                "whose code runs is not taken from a file that nobody named. If the file is yours, "
                f"name it: `ranklens --config {self.path.name} …`, or {CONFIG}={self.path.name}"
            )


def settings_file(folder: Path | None = None) -> SettingsFile | None:
    """Return the file that `load_settings` reads: the named one, or that of the folder, if any."""
    if named := os.environ.get(CONFIG):
        return SettingsFile(Path(named), named=True)
    path = (folder or Path.cwd()) / USUAL
    return SettingsFile(path, named=False) if path.is_file() else None


def needing_trust(fields: Mapping[str, FieldInfo]) -> tuple[Iterable[str], Iterable[str]]:
    """Return the options that need trust whatever their value, and those that may need it."""
    marks = {name: _mark(field) for name, field in fields.items()}
    always = [name for name, mark in marks.items() if mark is True]
    return always, [name for name, mark in marks.items() if callable(mark)]


def _mark(field: FieldInfo) -> Any:
    extra = field.json_schema_extra
    return extra.get("trusted") if isinstance(extra, dict) else False


def _needs_trust(field: FieldInfo, value: Any) -> bool:
    mark = _mark(field)
    return bool(mark(str(value))) if callable(mark) else bool(mark)
