"""Ranklens in Python: open a folder of documents, ask it, see every ranking behind an answer.

    import ranklens

    with ranklens.open("./library") as library:
        library.add(["report.pdf", "notes/"])
        trace = library.ask("When was the bridge opened?")
        print(trace.answer.text)

Importing it loads no model and no index; that is done by `open`.
"""

from __future__ import annotations

from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest.progress import FileOutcome, IndexingProgress
from rag.errors import (
    DocumentError,
    FilterError,
    GenerationError,
    LibraryError,
    LibraryInUse,
    LibraryMismatch,
    ModelError,
    ModelMissing,
    RanklensError,
    RerankError,
    SettingsError,
)
from rag.types import Answer, Chunk, Citation, Hit, Stage, Trace

if TYPE_CHECKING:
    from rag.evaluate.advice.advice import Advice
    from rag.evaluate.judgements.record import Judgement
    from rag.evaluate.measures.figures import Figures
    from rag.settings import Settings
    from rag.store.catalogue import Document
    from rag.store.collections import Collection
    from rag.store.verifying import IndexReport
    from ranklens.advising import AdviceWishes
    from ranklens.comparing import SideBySide
    from ranklens.embedding import Embeddings
    from ranklens.fitting import Fit
    from ranklens.library import Library
    from ranklens.reranking import Reranking
    from ranklens.sweeping import SweepWishes

__all__ = [
    "Advice",
    "AdviceWishes",
    "Answer",
    "Chunk",
    "Citation",
    "Collection",
    "Document",
    "DocumentError",
    "Embeddings",
    "Figures",
    "FileOutcome",
    "FilterError",
    "Fit",
    "GenerationError",
    "Hit",
    "IndexReport",
    "IndexingProgress",
    "Judgement",
    "Library",
    "LibraryError",
    "LibraryInUse",
    "LibraryMismatch",
    "ModelError",
    "ModelMissing",
    "RanklensError",
    "RemoteLibrary",
    "RerankError",
    "Reranking",
    "Settings",
    "SettingsError",
    "SideBySide",
    "Stage",
    "SweepWishes",
    "Trace",
    "open",
]

# Types whose modules bring the engine's libraries along: imported when they are first named.
_LATER = {
    "Advice": "rag.evaluate.advice.advice",
    "AdviceWishes": "ranklens.advising",
    "Collection": "rag.store.collections",
    "Document": "rag.store.catalogue",
    "Embeddings": "ranklens.embedding",
    "Figures": "rag.evaluate.measures.figures",
    "Fit": "ranklens.fitting",
    "IndexReport": "rag.store.verifying",
    "Judgement": "rag.evaluate.judgements.record",
    "Library": "ranklens.library",
    "Reranking": "ranklens.reranking",
    "RemoteLibrary": "ranklens.remote",
    "Settings": "rag.settings",
    "SideBySide": "ranklens.comparing",
    "SweepWishes": "ranklens.sweeping",
}


def open(
    path: str | PathLike[str] | None = None,
    *,
    create: bool = True,
    reindex: bool = False,
    command: str = "",
    **settings: Any,
) -> Library:
    """Open the library in a folder; one is created if there is none.

    Settings are read as the command line reads them: defaults, ``ranklens.toml``, environment
    variables, then ``settings`` (docs/settings.md names them all). Without ``path`` the folder is
    the option ``library``. Without ``create`` a folder without a library raises `LibraryError`.
    ``reindex`` accepts a library that was indexed with other settings and queues all its
    documents. One process owns a library folder until `Library.close`; another one gets
    `LibraryInUse`, which names this one by ``command``. Raises `SettingsError`, `LibraryMismatch`
    and `ModelError` too.
    """
    from rag.settings import load_settings
    from ranklens.library import Library

    if path is not None:
        settings["library"] = Path(path).expanduser().absolute()
    options = load_settings().updated(**settings)
    return Library.open(options, create=create, reindex=reindex, command=command)


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
