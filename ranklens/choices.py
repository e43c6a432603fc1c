"""What can be chosen before a question is asked: documents, expansions, questions to begin with."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.retrieve import expand
from rag.retrieve.filters import EVERYTHING, Filter, kind_of, of_settings
from rag.settings import Settings
from rag.store.catalogue import Document
from rag.types import Trace
from ranklens import samples

if TYPE_CHECKING:
    from ranklens.library import Library

# The types of the engine that these functions take or return.
__all__ = ["EVERYTHING", "Document", "Filter"]


def ready(library: Library, collection: str = "") -> list[Document]:
    """Return the documents that can be asked, of a collection or of the library."""
    return [document for document in library.documents(collection) if document.status == "ready"]


def document_types(documents: Collection[Document]) -> list[str]:
    """Return the types (``pdf``, ``md``, …) of documents, each once, in order."""
    return sorted({kind_of(document) for document in documents})


def filter_of(trace: Trace) -> Filter:
    """Return the filter within which a trace's question was asked."""
    return of_settings(trace.settings)


@dataclass(frozen=True, slots=True)
class Expansions:
    """The kinds of query expansion that can be chosen, and those that the settings ask for."""

    known: tuple[str, ...]
    chosen: tuple[str, ...]


def expansions(settings: Settings) -> Expansions:
    """Return the kinds of expansion that work here: without a language model only one does."""
    works = expand.VARIANTS if settings.llm_model else (expand.FEEDBACK,)
    chosen = tuple(expand.chosen(settings.expansion))
    return Expansions(tuple(dict.fromkeys((*works, *chosen))), chosen)


def suggested(
    documents: Collection[Document], most: int, path: Path = samples.FOLDER / samples.QUESTIONS
) -> list[str]:
    """Return questions to begin with: of the sample library, if their documents are all there."""
    if not path.is_file():
        return []
    names = {document.name for document in documents}
    lines = path.read_text("utf-8").splitlines()
    entries: list[Mapping[str, Any]] = [json.loads(line) for line in lines if line.strip()]
    return [
        entry["question"]
        for entry in entries
        if entry.get("suggested")
        and names.issuperset(passage["document"] for passage in entry.get("gold", ()))
    ][:most]
