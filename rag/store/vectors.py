"""Vectors in Chroma, embedded in the library folder or on a server of its own.

Chroma is derived data: the catalogue keeps every vector, so
`ranklens rebuild` repairs any fault here. Ids make every write idempotent.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from rag.errors import LibraryError
from rag.settings.addresses import without_login
from rag.store.room import storage_error

if TYPE_CHECKING:
    from chromadb import Collection
    from chromadb.api import ClientAPI
    from chromadb.api.collection_configuration import CreateCollectionConfiguration
    from chromadb.config import Settings as ChromaSettings

Vectors = NDArray[np.float32]

# The graph is searched wider than Chroma's default of 100: of the 50 nearest it then finds 99.8 %
# instead of 98.7 % (HotpotQA's paragraphs). 400 would find 99.96 % and take up to twice as long.
GRAPH: CreateCollectionConfiguration = {
    "hnsw": {"space": "cosine", "ef_construction": 200, "ef_search": 200}
}
ROWS_A_CALL = 5000


class ChromaStore:
    """Unit vectors by id in a Chroma collection; finds the nearest by cosine.

    ``failed``: the disk was full during a write, so what is there may lack something.
    """

    def __init__(
        self,
        connect: Callable[[], ClientAPI],
        collection: str,
        where: str,
        folder: Path | None = None,
    ) -> None:
        """Open or create the collection; raises `LibraryError` if Chroma cannot.

        ``folder`` is where an embedded store keeps its files.
        """
        self.failed = False
        self._connect = connect
        self._name = collection
        self._where = where
        self._folder = folder
        self._opening = threading.Lock()
        self._opened: tuple[ClientAPI, Collection] | None = None
        self._handle()

    @classmethod
    def embedded(cls, folder: Path) -> ChromaStore:
        """Open the store kept in ``folder``."""
        return cls(partial(_embedded, folder), "chunks", str(folder), folder)

    @classmethod
    def server(cls, url: str, collection: str) -> ChromaStore:
        """Connect to a running ``chroma run`` at ``url``."""
        address = without_login(url)  # Chroma takes none
        return cls(partial(_remote, address), collection, address)

    def _handle(self) -> tuple[ClientAPI, Collection]:
        """Return client and collection, opened again if a write has failed."""
        with self._opening:
            if self._opened is None:
                with self._explained("opened"):
                    client = self._connect()
                    held = client.get_or_create_collection(
                        self._name, embedding_function=None, configuration=GRAPH
                    )
                self._opened = client, held
            return self._opened

    @property
    def _collection(self) -> Collection:
        return self._handle()[1]

    def facts(self) -> Mapping[str, Any]:
        """Return what the collection remembers of its vectors (encoder, dimension, settings)."""
        return dict(self._collection.metadata or {})

    def reset(self, facts: Mapping[str, Any]) -> None:
        """Empty the collection and remember ``facts``."""
        client, _ = self._handle()
        with self._explained("written"):
            client.delete_collection(self._name)
            held = client.create_collection(
                self._name, embedding_function=None, configuration=GRAPH, metadata=dict(facts)
            )
            self._opened = client, held

    def add(self, ids: Sequence[str], vectors: Vectors) -> None:
        """Add vectors (len(ids), dimension); an id that is there already is replaced."""
        with self._explained("written"):
            for i in range(0, len(ids), ROWS_A_CALL):
                part = slice(i, i + ROWS_A_CALL)
                self._collection.upsert(ids=list(ids[part]), embeddings=vectors[part])

    def remove(self, ids: Sequence[str]) -> None:
        """Remove ids; unknown ones are ignored."""
        with self._explained("written"):
            for i in range(0, len(ids), ROWS_A_CALL):
                self._collection.delete(ids=list(ids[i : i + ROWS_A_CALL]))

    def search(self, vector: Vectors, k: int) -> list[tuple[str, float]]:
        """Return the ``k`` nearest ids with their cosines, best first."""
        with self._explained("searched"):
            found = self._collection.query(
                query_embeddings=vector[None, :], n_results=k, include=["distances"]
            )
        distances = found["distances"] or [[]]
        pairs = zip(found["ids"][0], distances[0], strict=True)
        return [(name, 1.0 - float(distance)) for name, distance in pairs]

    def count(self) -> int:
        """Return how many vectors there are."""
        with self._explained("counted"):
            return self._collection.count()

    def ids(self) -> set[str]:
        """Return all ids (23 ms at 3,000)."""
        with self._explained("read"):
            return set(self._collection.get(include=[])["ids"])

    def close(self) -> None:
        """Let go of files and connections; the next call opens them again."""
        with self._opening:
            opened, self._opened = self._opened, None
        if opened is not None:
            # Chroma's clients have it, the interface that its factories declare does not.
            close: Callable[[], None] = opened[0].close  # type: ignore[attr-defined]
            close()

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except LibraryError:
            raise
        # The embedded core, the HTTP client and httpx each raise their own errors; whichever it
        # is, the way out is the same.
        except Exception as error:
            explained = storage_error(error, self._folder)
            if explained and what == "written":
                # Its core never gives up the locks of a write that failed: a later call hangs.
                self.failed = True
                with suppress(Exception):
                    self.close()
            raise explained or LibraryError(_damaged(self._where, error, what)) from error


def _embedded(folder: Path) -> ClientAPI:
    import chromadb
    from chromadb.api.shared_system_client import SharedSystemClient

    try:
        return chromadb.PersistentClient(folder, settings=_own_settings())
    # Chroma's Rust core raises its own, undocumented exceptions on a damaged folder.
    except Exception:
        # Chroma would hand the half-opened store out again to the next caller.
        SharedSystemClient.clear_system_cache()
        raise


def _remote(url: str) -> ClientAPI:
    import chromadb

    address = urlsplit(url if "//" in url else f"//{url}")
    try:
        return chromadb.HttpClient(
            host=address.hostname or "localhost",
            port=address.port or (443 if address.scheme == "https" else 8000),
            ssl=address.scheme == "https",
            settings=_own_settings(chroma_query_request_timeout_seconds=30),
        )
    except ValueError as error:
        raise LibraryError(
            f"no Chroma server answers at {url} ({error}); start one with `chroma run`, or "
            "unset chroma_url to keep vectors in the library folder"
        ) from None


def _own_settings(**more: Any) -> ChromaSettings:
    """Return Chroma's settings without ``.env`` of the working folder, which Chroma would obey.

    Such a file could name another server for the vectors, or a class to import.
    """
    from chromadb.config import Settings

    given: dict[str, Any] = {"_env_file": None, "anonymized_telemetry": False}
    return Settings(**given, **more)


def _damaged(where: str, error: Exception, what: str = "opened") -> str:
    return (
        f"Chroma at {where} could not be {what} ({type(error).__name__}: {error}); "
        "`ranklens rebuild` makes it again from the catalogue"
    )
