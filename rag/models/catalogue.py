"""Models that Ranklens knows by name, and which of them are on this machine.

Sizes and licences are those of the models' pages at the hub; what is on the disk speaks for itself.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rag.errors import ModelError, ModelMissing
from rag.models.hub import EMBEDDED, EMBEDDED_NAMES, locate

Kind = Literal["encoder", "cross-encoder", "colbert"]


@dataclass(frozen=True, slots=True)
class Model:
    """A model by its id at the hub; ``megabytes`` is about what a download takes."""

    name: str
    kind: Kind
    megabytes: int = 0
    licence: str = ""
    note: str = ""

    @property
    def embedded(self) -> bool:
        """Whether it comes with the installation."""
        return self.name in EMBEDDED_NAMES


@dataclass(frozen=True, slots=True)
class Here:
    """A model on this machine: its folder and size in bytes, or the reason why it is not usable."""

    model: Model
    folder: Path | None
    size: int = 0
    licence: str = ""
    problem: str = ""


OWN_CODE = "runs code of its own (trust_remote_code)"
GPU = "for a graphics processor"
CATALOGUE = (
    Model(EMBEDDED, "encoder", 91, "apache-2.0", "comes with Ranklens"),
    Model("sentence-transformers/all-mpnet-base-v2", "encoder", 438, "apache-2.0"),
    Model("BAAI/bge-small-en-v1.5", "encoder", 133, "mit"),
    Model("BAAI/bge-base-en-v1.5", "encoder", 438, "mit"),
    Model("BAAI/bge-m3", "encoder", 2270, "mit", "many languages"),
    Model("intfloat/multilingual-e5-small", "encoder", 471, "mit", "many languages"),
    Model("cross-encoder/ms-marco-MiniLM-L-6-v2", "cross-encoder", 91, "apache-2.0"),
    Model("cross-encoder/ms-marco-MiniLM-L-12-v2", "cross-encoder", 133, "apache-2.0"),
    Model("cross-encoder/ms-marco-electra-base", "cross-encoder", 438, "apache-2.0"),
    Model("BAAI/bge-reranker-base", "cross-encoder", 1110, "mit"),
    Model("BAAI/bge-reranker-large", "cross-encoder", 2240, "mit"),
    Model("BAAI/bge-reranker-v2-m3", "cross-encoder", 2270, "apache-2.0", "many languages"),
    Model(
        "jinaai/jina-reranker-v2-base-multilingual", "cross-encoder", 557, "cc-by-nc-4.0", OWN_CODE
    ),
    Model("mixedbread-ai/mxbai-rerank-xsmall-v1", "cross-encoder", 142, "apache-2.0"),
    Model("mixedbread-ai/mxbai-rerank-base-v1", "cross-encoder", 369, "apache-2.0"),
    Model("mixedbread-ai/mxbai-rerank-large-v1", "cross-encoder", 870, "apache-2.0"),
    Model("Qwen/Qwen3-Reranker-0.6B", "cross-encoder", 1190, "apache-2.0", "many languages"),
    Model("Qwen/Qwen3-Reranker-4B", "cross-encoder", 8050, "apache-2.0", GPU),
    Model("colbert-ir/colbertv2.0", "colbert", 438, "mit"),
    Model("lightonai/GTE-ModernColBERT-v1", "colbert", 596, "apache-2.0"),
)


def listed(encoder: str, cross_encoder: str) -> list[Here]:
    """Return every known model and the two that the settings name, those that are here first."""
    models = {model.name: model for model in CATALOGUE}
    chosen: tuple[tuple[str, Kind], ...] = (
        (encoder, "encoder"),
        (cross_encoder, "cross-encoder"),
    )
    for name, kind in chosen:
        if find(name) is None:
            models[name] = Model(name, kind, note="named by the settings")
    return sorted(map(here, models.values()), key=lambda one: one.folder is None)


def find(name: str) -> Model | None:
    """Return the known model of that id, or of that last part of an id, else None."""
    if name in EMBEDDED_NAMES:
        return CATALOGUE[0]
    low = name.strip().lower()
    fits = (m for m in CATALOGUE if low in (m.name.lower(), m.name.lower().rpartition("/")[2]))
    return next(fits, None)


def full_name(name: str) -> str:
    """Return the id at the hub that is meant; raises `ModelError` with the nearest."""
    known = find(name)
    if known or "/" in name:
        return known.name if known else name.strip()
    near = difflib.get_close_matches(name, [m.name.rpartition("/")[2] for m in CATALOGUE], n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise ModelError(
        f"{name}: {hint}`ranklens models` lists those that are known by name; any other is named "
        "by its id at the hub (owner/name)"
    )


def here(model: Model) -> Here:
    """Look for a model on this machine; waits for no network."""
    try:
        folder = locate(model.name)
    except ModelMissing:
        return Here(model, None)
    except ModelError as error:
        return Here(model, None, problem=str(error))
    files = [path for path in folder.rglob("*") if path.is_file()]
    return Here(model, folder, sum(path.stat().st_size for path in files), own_licence(folder))


def own_licence(folder: Path) -> str:
    """Return the licence that a model's own page names, or nothing."""
    try:
        text = (folder / "README.md").read_text("utf-8", errors="replace")[:5000]
    except OSError:
        return ""
    found = re.search(r"^license:\s*['\"]?([\w.+-]+)", text, re.MULTILINE)
    return found[1].lower() if found else ""
