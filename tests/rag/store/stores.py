"""Both stores, filled alike: the embedded one with real files, and one on a real PostgreSQL."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rag.settings import Settings
from rag.store.catalogue import Catalogue
from rag.store.index import Index
from rag.store.postgres.store import PostgresStore
from rag.store.protocol import Store
from rag.types import Chunk
from tests.fakes import WordEncoder

DIMENSION = 8
FACTS = {"revision": "0" * 16, "dimension": DIMENSION}


class SeededEncoder(WordEncoder):
    """Every text has a direction of its own, so that no two are equally near to a third."""

    name = "seeded"
    dimension = DIMENSION

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = [np.random.default_rng(zlib.crc32(t.encode())).standard_normal(8) for t in texts]
        matrix = np.array(rows, np.float32).reshape(len(texts), DIMENSION)
        return matrix / np.linalg.norm(matrix, axis=1, keepdims=True)


ENCODER = SeededEncoder()


def settings_of(folder: Path, **more: object) -> Settings:
    return Settings(library=folder / "library", language="auto", **more)


def embedded(folder: Path) -> Index:
    settings = settings_of(folder)
    settings.library.mkdir(exist_ok=True)
    return Index.open(settings, FACTS)


def on_postgres(url: str, folder: Path) -> PostgresStore:
    settings = settings_of(folder)
    settings.library.mkdir(exist_ok=True)
    return PostgresStore.open(settings, Catalogue(url), FACTS)


def chunks_of(name: str, texts: Sequence[str], version: str = "") -> list[Chunk]:
    return [Chunk(f"{name}{version}-{n}", name, 0, len(text), text) for n, text in enumerate(texts)]


def enqueue(store: Store, name: str, size: int = 10, language: str = "english") -> int:
    document = store.catalogue.add_document(name, size, f"digest of {name}")
    store.catalogue.update_document(document, language=language)
    return document


def begin(
    store: Store, name: str, *texts: str, version: str = "", language: str = "english"
) -> int:
    """Queue a document, claim it and add its chunks with kept tokens, without publishing it."""
    document = enqueue(store, name, language=language)
    claimed = store.claim()
    assert claimed
    assert claimed.id == document
    write(store, document, chunks_of(name, texts, version))
    return document


def write(store: Store, document: int, chunks: Sequence[Chunk]) -> None:
    passages = [chunk.passage for chunk in chunks]
    tokens = [passage.encode() for passage in passages]
    half = len(chunks) // 2
    for part in (slice(0, half), slice(half, len(chunks))):
        if chunks[part]:
            rows = ENCODER.encode(passages[part])
            store.add(document, part.start, chunks[part], rows, tokens[part])


def add(store: Store, name: str, *texts: str, version: str = "", language: str = "english") -> int:
    document = begin(store, name, *texts, version=version, language=language)
    assert store.publish(document, 0.5) is not None
    return document


def held(store: Store) -> set[str]:
    """The ids of the live chunks, all of which both indexes find."""
    live = store.catalogue.live_ids()
    for found in (store.lexical.ids(), {id for id, _ in near(store, "anything", 10_000)}):
        assert store.catalogue.fetch(sorted(found)).keys() == live
    return live


def near(store: Store, text: str, k: int = 10) -> list[tuple[str, float]]:
    return store.near(ENCODER.encode_query(text), k)
