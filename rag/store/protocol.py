"""What pipeline, retrievers and ingest need of a library's storage: the one seam.

`rag.store.index.Index` is the embedded store, `rag.store.postgres.store.PostgresStore` the one on
PostgreSQL. Both give the same rankings and scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.store.analyse import Analyser
from rag.store.catalogue import Catalogue, Document
from rag.store.collections import Collections
from rag.store.exact import Scope
from rag.store.lexical import Bm25Search
from rag.store.room import Room
from rag.store.tokens import TokenStore
from rag.store.verifying import IndexReport, OnChecked
from rag.types import Chunk

Vectors = NDArray[np.float32]
Scored = list[tuple[str, float]]


class Store(Protocol):
    """Everything that can be searched, and the queue of what is to be. Safe to use from threads."""

    @property
    def catalogue(self) -> Catalogue:
        """Documents, their texts and chunks."""

    @property
    def collections(self) -> Collections:
        """The parts of the library that are asked by themselves."""

    @property
    def tokens(self) -> TokenStore:
        """Token vectors that were kept."""

    @property
    def room(self) -> Room:
        """The free space of the disk."""

    @property
    def lexical(self) -> Bm25Search:
        """BM25 over the live chunks."""

    def analyser_of(
        self, chunks: Sequence[Chunk] = (), languages: Sequence[str] | None = None
    ) -> Analyser:
        """Return what makes terms of passages like these: of the first one's language."""

    # Dense search

    def scope(self, documents: Sequence[int]) -> Scope:
        """Return the chunks of live documents."""

    def near(self, vector: Vectors, k: int, scope: Scope | None = None) -> Scored:
        """Return the ``k`` nearest chunk ids with their cosines, best first.

        A chunk that stopped being live a moment ago, or is not in ``scope``, may be among them.
        """

    def is_exact(self, scope: Scope | None) -> bool:
        """Return whether `near` compares every vector, so that nothing can be missed."""

    def compare(self, vector: Vectors, scope: Scope, k: int) -> Scored:
        """Return the ``k`` nearest chunks of ``scope`` by every vector of it, best first.

        Ties stand in the order of documents and of reading.
        """

    # The queue

    def claim(self) -> Document | None:
        """Take the smallest document that waits, with a lease; None if none does.

        Its status is ``indexing`` then. Documents whose lease ran out are queued again first; at
        the second time they fail.
        """

    def renew(self, document_id: int) -> bool:
        """Begin the lease anew; False if the document is not this store's any more."""

    def release(self, document_id: int) -> None:
        """Queue a claimed document again, for another worker or a later start."""

    def fail(self, document_id: int, reason: str) -> bool:
        """Mark a claimed document as failed; False if it is not this store's any more."""

    # Writing

    def add(
        self,
        document_id: int,
        first: int,
        chunks: Sequence[Chunk],
        vectors: Vectors,
        tokens: Sequence[bytes] = (),
    ) -> None:
        """Add chunks of a document that is being indexed; they stay hidden until `publish`."""

    def publish(self, document_id: int, seconds: float) -> list[int] | None:
        """Make a document live, in place of its older versions, whose ids are returned.

        None if it was removed or its lease lost meanwhile; then nothing of it is there.
        """

    def hide(self, document_ids: Sequence[int]) -> None:
        """Remove documents from view; no search that starts after this returns their chunks."""

    def clear(self, document_ids: Sequence[int]) -> None:
        """Forget the chunks of documents that are hidden or did not get to be published."""

    def retire(self, document_ids: Sequence[int]) -> None:
        """Remove documents: `hide` them, then `clear` and `forget` them."""

    def forget(self) -> None:
        """Write anew what still holds words of removed documents."""

    def tidy(self) -> None:
        """Finish what was interrupted."""

    # The whole

    def version(self) -> int:
        """Return a number that grows with every change of what can be searched."""

    def one_version(self) -> AbstractContextManager[None]:
        """Let caches compare the version once in all that is done within: for one question.

        It holds in the present context (`contextvars`), so threads need a copy of that.
        """

    def verify(self, on_progress: OnChecked | None = None) -> IndexReport:
        """Check counts, ids and a sample of exact searches; changes nothing."""

    def rebuild(self, on_progress: OnChecked | None = None) -> IndexReport:
        """Make vectors and BM25 again from the catalogue, encoding nothing; then `verify`."""

    def close(self) -> None:
        """Save and let go of everything."""
