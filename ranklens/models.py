"""Models and rerankers: what there is, what is on this machine, and how to get the rest."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rag.models.catalogue import ListedModel, find, full_name, listed, size_text
from rag.models.download import Download, Progress, download
from rag.models.hub import locate, offline
from rag.models.recommended import RECOMMENDED, Recommendation, recommended_for
from rag.rerank.base import Context
from rag.rerank.table import AUTO, Availability, available, choose
from rag.settings import Settings
from ranklens.speeds import kept

__all__ = [
    "AUTO",
    "RECOMMENDED",
    "Availability",
    "Download",
    "ListedModel",
    "Progress",
    "Recommendation",
    "as_json",
    "encoders",
    "last_download",
    "listed",
    "offline",
    "pull",
    "recommended_for",
    "rerankers",
    "size_text",
    "start_download",
    "what_ranks",
]


def rerankers(settings: Settings) -> list[Availability]:
    """Return every reranker and why it cannot run here, if it cannot."""
    # None of them looks for the encoder before it runs.
    return available(Context(settings, None))  # type: ignore[arg-type]


def encoders(settings: Settings) -> list[str]:
    """Return the encoders on this machine, the present one left out."""
    present = find(settings.encoder)
    return [
        one.model.name
        for one in listed(settings)
        if one.model.kind == "encoder" and one.folder
        and one.model.name != (present.name if present else settings.encoder)
    ]  # fmt: skip


def what_ranks(settings: Settings, name: str) -> str:
    """Return a reranker's name, for ``auto`` that of the reranker that it chooses here."""
    if name != AUTO:
        return name
    automatic = Context(settings.updated(reranker=AUTO), None)  # type: ignore[arg-type]
    return choose(automatic)[0].name


def as_json(settings: Settings) -> dict[str, Any]:
    """Return all models and rerankers, and which of them are here, for other programs."""
    items, runners, known = listed(settings), rerankers(settings), kept(settings)
    return {
        "models": [
            {
                "name": item.model.name,
                "kind": item.model.kind,
                "used_by": list(item.used_by),
                "here": item.folder is not None,
                "bytes": item.bytes,
                "licence": item.licence,
                "problem": item.problem,
                "passages_a_second": round(known[item.model.name].rate, 1)
                if item.model.name in known
                else None,
            }
            for item in items
        ],
        "rerankers": [
            {"name": one.name, "runs": not one.reason, "reason": one.reason} for one in runners
        ],
    }


_downloads: dict[str, Download] = {}


def start_download(name: str) -> None:
    """Begin to download a model in the background, if that is not under way."""
    last = last_download(name)
    if last is None or not last.running:
        _downloads[name] = Download(name).start()


def last_download(name: str) -> Download | None:
    """Return a model's running or last download of this process."""
    return _downloads.get(name)


def pull(
    name: str,
    on_progress: Callable[[str, Progress], None],
    stop: threading.Event | None = None,
) -> tuple[str, Path | None]:
    """Download a model and return its full name and folder; no folder if it comes with Ranklens.

    ``on_progress`` is called with the full name and how far it is; ``stop`` gives it up. Raises
    `ModelError` with the nearest name if there is no such model, or with what to do if it cannot be
    downloaded or comes with a package that is not installed.
    """
    known = find(name)
    if known and known.embedded:
        return known.name, None
    if known and known.install:
        return known.name, locate(known.name)
    model = full_name(name)
    return model, download(model, lambda progress: on_progress(model, progress), stop)
