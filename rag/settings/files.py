"""The settings file: which one is read, and what one that nobody named may set."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic.fields import FieldInfo

from rag.errors import SettingsError

CONFIG = "RANKLENS_CONFIG"
USUAL = "ranklens.toml"
# All that a file which nobody named may set: it shapes chunks and rankings, sends nothing, lifts no
# limit and chooses no model that writes. An option that is not listed here is refused.
FREE = frozenset(
    [
        "blend_dense",
        "blend_lexical",
        "blend_reranker",
        "chunk_overlap",
        "chunk_tokens",
        "coverage_weights",
        "cross_encoder",
        "dense_weight",
        "encoder",
        "expansion",
        "expansion_weight",
        "feedback_passages",
        "feedback_words",
        "fusion",
        "hop_decay",
        "hop_passages",
        "hops",
        "language",
        "lexical_engine",
        "lexical_weight",
        "pool",
        "rerank_budget_ms",
        "rerank_cut",
        "rerank_fallbacks",
        "rerank_gap",
        "rerank_policy",
        "rerank_spread",
        "rerank_tokens",
        "rerank_window",
        "reranker",
        "rrf_k",
        "threshold",
        "top",
    ]
)


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
        """Raise `SettingsError` if nobody named this file and it sets what is not in `FREE`."""
        if self.named:
            return
        refused = [name for name, value in values.items() if _needs_trust(name, fields, value)]
        if refused:
            raise SettingsError(
                f"{self.path} sets {', '.join(refused)}: from a file that nobody named only "
                "options are taken that shape rankings with what is on this machine "
                "(docs/settings.md). If the file is yours, name it: "
                f"`ranklens --config {self.path.name} …`, or {CONFIG}={self.path.name}"
            )


def settings_file(folder: Path | None = None) -> SettingsFile | None:
    """Return the file that `load_settings` reads: the named one, or that of the folder, if any."""
    if named := os.environ.get(CONFIG):
        return SettingsFile(Path(named), named=True)
    path = (folder or Path.cwd()) / USUAL
    return SettingsFile(path, named=False) if path.is_file() else None


def trusted(fields: Mapping[str, FieldInfo]) -> frozenset[str]:
    """Return the options that need trust whatever their value."""
    return frozenset(name for name, field in fields.items() if _mark(field) is True)


def free(fields: Mapping[str, FieldInfo]) -> tuple[list[str], list[str]]:
    """Return what a file that nobody named may set to any value, and to some values only."""
    names = [name for name in fields if name in FREE]
    some = [name for name in names if callable(_mark(fields[name]))]
    return [name for name in names if name not in some], some


def _mark(field: FieldInfo) -> Any:
    extra = field.json_schema_extra
    return extra.get("trusted") if isinstance(extra, dict) else False


def _needs_trust(name: str, fields: Mapping[str, FieldInfo], value: Any) -> bool:
    mark = _mark(fields[name])
    return name not in FREE or (callable(mark) and bool(mark(str(value))))
