"""What is derived from a library's catalogue: its vectors and its BM25 index, opened or dropped.

`index_facts` are the settings and the encoder that both depend on. The catalogue remembers them, so
that an index made with others is not searched.
"""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping
from typing import Any

from rag.errors import LibraryMismatch
from rag.settings import SHAPES_INDEX, Settings
from rag.store.analyse import AUTO, AutoAnalyser, analyser
from rag.store.catalogue import Catalogue
from rag.store.inverted import InvertedIndex
from rag.store.lexical import LexicalIndex
from rag.store.okapi import OkapiIndex
from rag.store.vectors import ChromaStore


def index_facts(settings: Settings, encoder_facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an index must agree on: encoder, its revision and dimension, chunk settings."""
    return {**settings.shaping(SHAPES_INDEX), **encoder_facts}


def check_facts(settings: Settings, catalogue: Catalogue, facts: Mapping[str, Any]) -> None:
    """Raise `LibraryMismatch` if the library was indexed with other facts; remember new ones."""
    made_with = catalogue.setting("index")
    if made_with == facts:
        return
    other_words = made_with and but_language(made_with) == but_language(facts)
    if other_words:  # no vector changes: `reconcile` makes the BM25 index again
        catalogue.find_languages()
    elif made_with is not None and catalogue.documents():
        raise LibraryMismatch(mismatch(made_with, facts))
    shutil.rmtree(settings.library / "lexical", ignore_errors=True)
    catalogue.remember("index", dict(facts))


def open_vectors(settings: Settings, catalogue: Catalogue) -> ChromaStore:
    """Open the library's vectors, in its folder or on a server."""
    if settings.chroma_url:
        return ChromaStore.server(settings.chroma_url, _collection(catalogue))
    return ChromaStore.embedded(settings.library / "chroma")


def open_lexical(settings: Settings, catalogue: Catalogue) -> LexicalIndex:
    """Open the BM25 index of the engine in use, an empty one if its words follow older rules."""
    folder = settings.library / "lexical" / settings.lexical_engine
    # Another engine's files would keep the words of documents that are removed from now on.
    for other in folder.parent.glob("*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)
    engine = InvertedIndex if settings.lexical_engine == "inverted" else OkapiIndex
    auto = settings.language == AUTO
    words = AutoAnalyser(catalogue.languages) if auto else analyser(settings.language)
    try:
        return engine.open(folder, words)
    except LibraryMismatch:  # not of another language: `check_facts` has seen to that
        catalogue.find_languages()
        shutil.rmtree(folder)
        return engine.open(folder, words)  # `reconcile` fills it


def drop(settings: Settings, catalogue: Catalogue, facts: Mapping[str, Any]) -> None:
    """Throw vectors and BM25 index away, damaged or not."""
    shutil.rmtree(settings.library / "lexical", ignore_errors=True)
    if settings.chroma_url:
        vectors = open_vectors(settings, catalogue)
        vectors.reset(facts)
        vectors.close()
    else:
        shutil.rmtree(settings.library / "chroma", ignore_errors=True)


def reset(settings: Settings, encoder_facts: Mapping[str, Any]) -> None:
    """Prepare a library in a folder for another encoder or other settings: queue every document.

    Chunks, vectors and the BM25 index are dropped; the documents' files and names stay.
    """
    catalogue = Catalogue(settings.library / "catalogue.sqlite")
    try:
        facts = index_facts(settings, encoder_facts)
        for document in catalogue.documents("ready", "indexing", "failed"):
            catalogue.update_document(
                document.id, status="queued", reason="", chunks=0, interruptions=0
            )
        catalogue.drop_chunks([d.id for d in catalogue.documents("queued", "removed")])
        drop(settings, catalogue, facts)
        catalogue.remember("index", facts)
    finally:
        catalogue.close()


def but_language(facts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the facts without the language, which no vector depends on."""
    return {name: value for name, value in facts.items() if name != "language"}


def mismatch(made_with: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """Return how the facts differ and what to do, in words."""
    return (
        f"the library was indexed with other settings: {differences(made_with, facts)}. Index it "
        "again with `ranklens reindex`, or set these options back"
    )


def differences(made_with: Mapping[str, Any], facts: Mapping[str, Any]) -> str:
    """Return how the facts of a library and of this process differ, in words."""
    return "; ".join(
        f"{name} is {made_with.get(name)} there and {facts.get(name)} here"
        for name in sorted({*made_with, *facts})
        if made_with.get(name) != facts.get(name)
    )


def _collection(catalogue: Catalogue) -> str:
    """Return the library's own name on a shared server."""
    if (name := catalogue.setting("collection")) is None:
        name = f"ranklens-{uuid.uuid4().hex[:12]}"
        catalogue.remember("collection", name)
    return str(name)
