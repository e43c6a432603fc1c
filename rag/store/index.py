"""The index: catalogue, vectors and BM25 kept consistent even if the process dies between them.

Writing goes catalogue → vectors → BM25 → publish; retiring goes the other way round, publish first.
At every moment only chunks of published documents are live, so a process that dies in between
leaves rows that no search returns, and `Index.open` clears them away.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import LibraryMismatch, StorageError
from rag.settings import Settings
from rag.store import derived
from rag.store.catalogue import Catalogue, Document
from rag.store.collections import Collections
from rag.store.exact import COMPARED_UP_TO, Scope
from rag.store.lexical import LexicalIndex
from rag.store.room import Room
from rag.store.tokens import TokenStore
from rag.store.upkeep import Upkeep
from rag.store.vectors import ChromaStore
from rag.types import Chunk

log = logging.getLogger(__name__)

ROOM_TO_ADD, TIMES_THE_VECTORS = 3 << 20, 4


class Index(Upkeep):
    """Everything that can be searched. One writer at a time; searches run beside it."""

    def __init__(
        self,
        catalogue: Catalogue,
        vectors: ChromaStore,
        lexical: LexicalIndex,
        room: Room | None = None,
    ) -> None:
        super().__init__(catalogue, vectors, lexical, room or Room(catalogue.path.parent))
        self.tokens = TokenStore(catalogue.engine)
        self.collections = Collections(catalogue)

    @classmethod
    def open(
        cls, settings: Settings, encoder_facts: Mapping[str, Any], afresh: bool = False
    ) -> Index:
        """Open the library's index and clear away interrupted work.

        ``afresh`` throws vectors and BM25 away first, damaged or not, and makes them again from
        the catalogue without encoding anything. Raises `LibraryMismatch` if the library was
        made with another encoder or other settings.
        """
        facts = derived.index_facts(settings, encoder_facts)
        room = Room(settings.library, settings.min_free_mb)
        room.prepare()
        with ExitStack() as undo:
            catalogue = Catalogue(settings.library / "catalogue.sqlite")
            undo.callback(catalogue.close)
            derived.check_facts(settings, catalogue, facts)
            if afresh:
                derived.drop(settings, catalogue, facts)
            vectors = derived.open_vectors(settings, catalogue)
            undo.callback(vectors.close)
            index = cls(catalogue, vectors, derived.open_lexical(settings, catalogue), room)
            index._check_vectors(facts)
            index.reconcile()
            undo.pop_all()
        return index

    def close(self) -> None:
        """Save and let go of everything."""
        with self._writing:
            try:
                self.lexical.save()
            except StorageError as error:
                log.warning("BM25 was not saved (%s); the next start completes it", error)
            self.vectors.close()
            self.catalogue.close()

    def version(self) -> int:
        """Return how often documents were changed since the library was opened."""
        return self.catalogue.changes

    def one_version(self) -> AbstractContextManager[None]:
        """Do nothing: the version is a number in memory."""
        return nullcontext()

    # Dense search

    def scope(self, documents: Sequence[int]) -> Scope:
        """Return the chunks of live documents, remembered for the next question."""
        return self.exact.scope(documents)

    def is_exact(self, scope: Scope | None) -> bool:
        """Return whether `near` compares every vector.

        If most of many chunks are asked, Chroma's graph is asked for them too: it finds those of
        other documents as well; they are left out, and it is asked for more.
        """
        if scope is None:
            return False
        count = len(scope.ids)
        if count <= COMPARED_UP_TO:
            return True
        return 2 * count < sum(document.chunks for document in self.catalogue.ready())

    def near(
        self, vector: NDArray[np.float32], k: int, scope: Scope | None = None
    ) -> list[tuple[str, float]]:
        """Return the ``k`` nearest chunk ids with their cosines, best first."""
        if scope is not None and self.is_exact(scope):
            return self.exact.search(vector, scope, k)
        return self.vectors.search(vector, k)

    def compare(self, vector: NDArray[np.float32], scope: Scope, k: int) -> list[tuple[str, float]]:
        """Return the ``k`` nearest chunks of ``scope`` by every vector of it, best first."""
        return self.exact.search(vector, scope, k)

    # The queue: it has one reader, so no lease is needed

    def claim(self) -> Document | None:
        """Take the smallest document that waits; None if none does."""
        while document := self.catalogue.next_queued():
            if self.catalogue.change(document.id, "queued", status="indexing", reason=""):
                return replace(document, status="indexing", reason="")
        return None

    def renew(self, document_id: int) -> bool:
        """Return whether a claimed document is still to be indexed."""
        return not self.catalogue.is_removed(document_id)

    def release(self, document_id: int) -> None:
        """Queue a claimed document again."""
        self.clear([document_id])
        self.catalogue.change(document_id, "indexing", status="queued")

    def fail(self, document_id: int, reason: str) -> bool:
        """Mark a claimed document as failed; False if it was removed meanwhile."""
        self.clear([document_id])
        failed = {"status": "failed", "reason": reason, "chunks": 0}
        return self.catalogue.change(document_id, "indexing", **failed)

    # Writing

    def add(
        self,
        document_id: int,
        first: int,
        chunks: Sequence[Chunk],
        vectors: NDArray[np.float32],
        tokens: Sequence[bytes] = (),
    ) -> None:
        """Add chunks of a document that is not live yet; they stay hidden until `publish`.

        ``tokens`` are the chunks' packed token vectors, if these are to be kept. Raises
        `StorageError` if there is too little room.
        """
        self.room.check()
        ids = [chunk.id for chunk in chunks]
        passages = [chunk.passage for chunk in chunks]
        with self._writing:
            self.catalogue.add_chunks(document_id, first, chunks, vectors)
            if tokens:
                self.tokens.add(document_id, first, passages, tokens)
            # A disk that became full in the middle of it has damaged Chroma's graph.
            self.room.require(ROOM_TO_ADD + TIMES_THE_VECTORS * vectors.nbytes)
            self.vectors.add(ids, vectors)
            self.lexical.add(ids, passages, self.catalogue.language(document_id))

    def publish(self, document_id: int, seconds: float) -> list[int] | None:
        """Make a document live, in place of its older versions, whose ids are returned.

        None if it was removed while it was being indexed: it stays removed.
        """
        with self._writing:
            self.lexical.save()
            retired = self.catalogue.publish(document_id, seconds)
            self.clear([document_id] if retired is None else retired)
        return retired

    def _check_vectors(self, facts: Mapping[str, Any]) -> None:
        # An empty collection is a new one, or one that was lost: `reconcile` fills it again.
        if derived.but_language(self.vectors.facts()) == derived.but_language(facts):
            return
        if self.vectors.count():
            raise LibraryMismatch(derived.mismatch(self.vectors.facts(), facts))
        self.vectors.reset(facts)
