"""The one list of models that Ranklens knows by name, and which of them are on this machine.

The rerankers' table takes its cross-encoders and ColBERT models from here, and the Models page,
`ranklens models` and `ranklens doctor` show it. Sizes and licences are those of the models' pages
at the hub; what is on the disk is measured.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from rag.errors import ModelError, ModelMissing
from rag.models.hub import EMBEDDED, EMBEDDED_NAMES, INSTALL_PACKED, PACKED, locate
from rag.settings import Settings

ModelKind = Literal["encoder", "cross-encoder", "colbert"]


@dataclass(frozen=True, slots=True)
class Model:
    """A model by its id at the hub; ``megabytes`` is about what a download takes."""

    name: str
    kind: ModelKind
    megabytes: int = 0
    licence: str = ""
    note: str = ""

    @property
    def title(self) -> str:
        """The last part of its id, which is its name among the rerankers."""
        return self.name.rpartition("/")[2]

    @property
    def embedded(self) -> bool:
        """Whether it comes with the installation."""
        return self.name in EMBEDDED_NAMES

    @property
    def install(self) -> str:
        """The command that brings it if it comes with a package, else nothing."""
        return INSTALL_PACKED if self.name == PACKED else ""


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model, what uses it, and its folder here or the problem with it.

    ``bytes`` is its size on this machine, else about that of its download; 0 if nobody knows.
    """

    model: Model
    used_by: tuple[str, ...] = ()
    folder: Path | None = None
    bytes: int = 0
    licence: str = "?"
    problem: str = ""

    @property
    def size(self) -> str:
        """Its size on disk, or about that of its download."""
        if not self.bytes:
            return "?"
        return size_text(self.bytes) if self.folder else f"≈ {size_text(self.bytes)}"

    @property
    def state(self) -> str:
        """Whether it is here, or why it cannot be used."""
        if self.model.embedded:
            return "yes, comes with Ranklens"
        return "yes" if self.folder else self.problem or "no"


OWN_CODE = "Base size, many languages; runs code of its own (option trust_remote_code)"
DECODER = "A decoder, many languages"
FOLLOWS = f"{DECODER}, follows an instruction"
LARGE = "A large decoder, many languages, for a graphics processor"
FOLLOWS_TOO = f"{LARGE}, follows an instruction"
# Mean nDCG@10 over MTEB's ten English retrieval sets (version 2) after six encoders, the best 100
# of each reranked, as https://huggingface.co/blog/ettin-reranker published them. Not measured here.
PUBLISHED = {
    "Qwen/Qwen3-Reranker-4B": 0.637,
    "mixedbread-ai/mxbai-rerank-large-v2": 0.612,
    "cross-encoder/ettin-reranker-150m-v1": 0.599,
    "Qwen/Qwen3-Reranker-0.6B": 0.594,
    "mixedbread-ai/mxbai-rerank-base-v2": 0.592,
    "cross-encoder/ettin-reranker-68m-v1": 0.592,
    "Alibaba-NLP/gte-reranker-modernbert-base": 0.584,
    "cross-encoder/ettin-reranker-32m-v1": 0.578,
    "ibm-granite/granite-embedding-reranker-english-r2": 0.566,
    "cross-encoder/ettin-reranker-17m-v1": 0.558,
    "BAAI/bge-reranker-v2-m3": 0.553,
    "BAAI/bge-reranker-large": 0.510,
    "cross-encoder/ms-marco-MiniLM-L-6-v2": 0.508,
    "cross-encoder/ms-marco-MiniLM-L-12-v2": 0.507,
    "mixedbread-ai/mxbai-rerank-large-v1": 0.506,
    "mixedbread-ai/mxbai-rerank-xsmall-v1": 0.497,
    "BAAI/bge-reranker-base": 0.489,
    "mixedbread-ai/mxbai-rerank-base-v1": 0.487,
}
_KNOWN: dict[ModelKind, tuple[tuple[str, int, str, str], ...]] = {
    "encoder": (
        (EMBEDDED, 91, "apache-2.0", "comes with Ranklens"),
        ("sentence-transformers/all-mpnet-base-v2", 438, "apache-2.0", ""),
        ("BAAI/bge-small-en-v1.5", 133, "mit", ""),
        ("BAAI/bge-base-en-v1.5", 438, "mit", ""),
        ("BAAI/bge-m3", 2270, "mit", "many languages"),
        (PACKED, 96, "mit", "many languages; comes with an extra of Ranklens"),
        ("intfloat/multilingual-e5-small", 471, "mit", "many languages"),
    ),
    "cross-encoder": (
        ("cross-encoder/ettin-reranker-17m-v1", 71, "apache-2.0", "Small and quick, English"),
        ("cross-encoder/ettin-reranker-32m-v1", 132, "apache-2.0", "Small, English"),
        ("cross-encoder/ettin-reranker-68m-v1", 276, "apache-2.0", "Base size, English"),
        ("cross-encoder/ettin-reranker-150m-v1", 604, "apache-2.0", "Large, English"),
        ("Alibaba-NLP/gte-reranker-modernbert-base", 299, "apache-2.0", "Large, English"),
        ("ibm-granite/granite-embedding-reranker-english-r2", 299, "apache-2.0", "Large, English"),
        ("cross-encoder/ms-marco-MiniLM-L-6-v2", 91, "apache-2.0", "Small, older, English"),
        ("cross-encoder/ms-marco-MiniLM-L-12-v2", 133, "apache-2.0", "Small, older, English"),
        ("cross-encoder/ms-marco-electra-base", 438, "apache-2.0", "Base size, English"),
        ("BAAI/bge-reranker-base", 1110, "mit", "Base size, English and Chinese"),
        ("BAAI/bge-reranker-large", 2240, "mit", "Large, English and Chinese"),
        ("BAAI/bge-reranker-v2-m3", 2270, "apache-2.0", "Large, many languages, long passages"),
        ("jinaai/jina-reranker-v2-base-multilingual", 557, "cc-by-nc-4.0", OWN_CODE),
        ("mixedbread-ai/mxbai-rerank-xsmall-v1", 142, "apache-2.0", "Very small, English"),
        ("mixedbread-ai/mxbai-rerank-base-v1", 369, "apache-2.0", "Base size, English"),
        ("mixedbread-ai/mxbai-rerank-large-v1", 870, "apache-2.0", "Large, English"),
        ("Qwen/Qwen3-Reranker-0.6B", 1190, "apache-2.0", FOLLOWS),
        ("Qwen/Qwen3-Reranker-4B", 8050, "apache-2.0", FOLLOWS_TOO),
        (
            "mixedbread-ai/mxbai-rerank-base-v2",
            988,
            "apache-2.0",
            f"{DECODER}, follows an instruction",
        ),
        (
            "mixedbread-ai/mxbai-rerank-large-v2",
            3090,
            "apache-2.0",
            f"{LARGE}, follows an instruction",
        ),
        ("BAAI/bge-reranker-v2-gemma", 10030, "apache-2.0", LARGE),
    ),
    "colbert": (
        ("colbert-ir/colbertv2.0", 438, "mit", "ColBERTv2, English"),
        ("lightonai/GTE-ModernColBERT-v1", 596, "apache-2.0", "Long passages, English"),
    ),
}


def _note(name: str, note: str) -> str:
    mean = PUBLISHED.get(name)
    return f"{note}; published nDCG@10 {mean:.3f}" if mean else note


CATALOGUE = tuple(
    Model(name, kind, megabytes, licence, _note(name, note))
    for kind, rows in _KNOWN.items()
    for name, megabytes, licence, note in rows
)


def listed(settings: Settings) -> list[ListedModel]:
    """Return every known model and the two that the settings name, those that are here first.

    Waits for no network.
    """
    models = {model.name: model for model in CATALOGUE}
    chosen: tuple[tuple[str, ModelKind], ...] = (
        (settings.encoder, "encoder"),
        (settings.cross_encoder, "cross-encoder"),
    )
    for name, kind in chosen:
        if find(name) is None:
            models[name] = Model(name, kind, note="named by the settings")
    found = [here(model, _users(model, settings)) for model in models.values()]
    return sorted(found, key=lambda one: one.folder is None)


def find(name: str) -> Model | None:
    """Return the known model of that id, or of that last part of an id, else None."""
    if name in EMBEDDED_NAMES:
        return CATALOGUE[0]
    low = name.strip().lower()
    matches = (m for m in CATALOGUE if low in (m.name.lower(), m.title.lower()))
    return next(matches, None)


def full_name(name: str) -> str:
    """Return the id at the hub of a model; raises `ModelError` with the nearest name."""
    known = find(name)
    if known or "/" in name:
        return known.name if known else name.strip()
    near = difflib.get_close_matches(name, [m.title for m in CATALOGUE], n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise ModelError(
        f"{name}: {hint}`ranklens models` lists the models known by name; write any other as its "
        "id at the hub (owner/name)"
    )


def here(model: Model, used_by: tuple[str, ...] = ()) -> ListedModel:
    """Look for a model on this machine; waits for no network."""
    known = model.licence or "?"
    try:
        folder = locate(model.name)
    except ModelError as error:
        problem = "" if isinstance(error, ModelMissing) else str(error)
        return ListedModel(model, used_by, None, model.megabytes * 1_000_000, known, problem)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return ListedModel(model, used_by, folder, size, own_licence(folder) or known)


def _users(model: Model, settings: Settings) -> tuple[str, ...]:
    """Return the rerankers that need a model, and the dense retrieval if it is the encoder."""
    users = [] if model.kind == "encoder" or find(model.name) is None else [model.title]
    if model.name == settings.cross_encoder:
        users.insert(0, "cross-encoder")
    if model.name == settings.encoder or model == find(settings.encoder):
        users.insert(0, "dense retrieval, late-interaction")
    return tuple(users)


def size_text(size: int) -> str:
    """Write bytes in MB or GB."""
    return f"{size / 1e9:.2f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"


def own_licence(folder: Path) -> str:
    """Return the licence that the model's own README names, or nothing."""
    try:
        text = (folder / "README.md").read_text("utf-8", errors="replace")[:5000]
    except OSError:
        return ""
    found = re.search(r"^license:\s*['\"]?([\w.+-]+)", text, re.MULTILINE)
    return found[1].lower() if found else ""
