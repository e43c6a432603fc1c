"""The index: catalogue, vectors and BM25 kept consistent even if the process dies between them.

Writing goes catalogue → vectors → BM25 → publish; retiring goes the other way round, publish first.
At every moment only chunks of published documents are live, so a process that dies in between
leaves rows that no search returns, and `Index.open` clears them away.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from itertools import groupby
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.errors import LibraryError, LibraryMismatch, StorageError
from rag.settings import Settings
from rag.store import derived
from rag.store.catalogue import Catalogue, Document
from rag.store.collections import Collections
from rag.store.common import CommonStore
from rag.store.exact import COMPARED_UP_TO, ExactVectors, Scope
from rag.store.lexical import LexicalIndex
from rag.store.room import Room
from rag.store.tokens import TokenStore
from rag.store.vectors import ChromaStore
from rag.store.verifying import IndexReport, OnChecked, verify
from rag.types import Chunk

log = logging.getLogger(__name__)

# Removing 1,500 vectors took 1.7 MB of Chroma's journal.
REMOVED_AT_ONCE = 1000
ROOM_TO_REMOVE = 3 << 20
COMPACTED_UP_TO = 256 << 20  # bytes of the catalogue
ROOM_TO_ADD, TIMES_THE_VECTORS = 3 << 20, 4


class Index(CommonStore):
    """Everything that can be searched. One writer at a time; searches run beside it."""

    lexical: LexicalIndex

    def __init__(
        self,
        catalogue: Catalogue,
        vectors: ChromaStore,
        lexical: LexicalIndex,
        room: Room | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.room = room or Room(catalogue.path.parent)
        self.tokens = TokenStore(catalogue.engine)
        self.vectors = vectors
        self.lexical = lexical
        self.exact = ExactVectors(catalogue)
        self.collections = Collections(catalogue)
        self._writing = threading.RLock()

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

    def forget(self) -> None:
        """Write the files anew that still hold words of removed documents, if there is room.

        Not a part of `clear`, for it takes seconds in large libraries: it is done once after many
        documents were replaced. A catalogue above `COMPACTED_UP_TO` is left to `rebuild`.
        """
        with self._writing:
            try:
                self.lexical.forget()
                self.lexical.save()
                if self.catalogue.path.stat().st_size <= COMPACTED_UP_TO:
                    self._compact()
            except StorageError as error:
                log.warning("words of removed documents are still on the disk: %s", error)

    def hide(self, document_ids: Sequence[int]) -> None:
        """Remove documents from view; no search that starts after this returns their chunks.

        It works on a disk that is full, by the reserve. `clear` frees what they take.
        """
        try:
            self.catalogue.retire(document_ids)
        except StorageError:
            if not self.room.give_up_reserve():
                raise
            self.catalogue.retire(document_ids)

    def clear(self, document_ids: Sequence[int]) -> None:
        """Forget the chunks of documents that are hidden or did not get to be published.

        If there is too little room for it, that is left to `tidy`.
        """
        with self._writing:
            try:
                self._purge(document_ids)
                self.room.keep_reserve()
            except StorageError as error:
                log.warning("removed passages still take room on the disk: %s", error)

    def _compact(self) -> None:
        if self.catalogue.holds_removed():
            if self.room.free() < 3 * self.catalogue.path.stat().st_size:
                log.warning("too little room to write the catalogue anew without removed words")
            else:
                self.catalogue.compact()

    def _purge(self, document_ids: Sequence[int]) -> None:
        # The same bytes may be live under a newer version of the document: those ids stay.
        gone = self.catalogue.ids_of(document_ids)
        gone -= self.catalogue.fetch(sorted(gone)).keys()
        if gone:
            self._remove_vectors(sorted(gone))
            self.lexical.remove(gone)
            self.lexical.save()
        if document_ids:
            self.exact.forget(document_ids)
            self.catalogue.clear(document_ids)

    def _remove_vectors(self, ids: Sequence[str]) -> None:
        # Chroma has hung on a disk that became full in the middle of a removal.
        for i in range(0, len(ids), REMOVED_AT_ONCE):
            self.room.require(ROOM_TO_REMOVE)
            self.vectors.remove(ids[i : i + REMOVED_AT_ONCE])

    # Consistency

    def reconcile(self) -> None:
        """Make vectors and BM25 hold exactly the live chunks, doing only what is missing.

        On a full disk the rest is left to the next start: searches look at the catalogue anyway.
        """
        with self._writing:
            try:
                self._reconcile()
                self.forget()
            except StorageError as error:
                log.warning("the indexes could not be tidied up: %s", error)

    def tidy(self) -> None:
        """Finish what a full disk interrupted; raises `StorageError` if it is full still."""
        with self._writing:
            failed = self.vectors.failed
            if failed and not self._vectors_readable():
                self.vectors.reset(self.catalogue.setting("index"))
            self._purge(self.catalogue.leftovers())
            self.catalogue.requeue_unfinished()
            if failed:
                self._restore()
                self.vectors.failed = False
            self.room.keep_reserve()

    def _reconcile(self) -> None:
        self._purge(self.catalogue.leftovers())
        self.catalogue.requeue_interrupted()
        self._restore()

    def _restore(self) -> None:
        live = self.catalogue.live_ids()
        strange = self.lexical.ids() - live
        self.lexical.remove(strange)
        missing = live - self.lexical.ids()
        lost: set[str] = set()
        if self.vectors.count() != len(live):
            held = self.vectors.ids()
            self._remove_vectors(sorted(held - live))
            lost = live - held
        if missing or lost:
            self._refill(missing, lost)
        self.lexical.save()

    def _vectors_readable(self) -> bool:
        """Whether Chroma's files are whole enough to be read and searched."""
        try:
            if self.vectors.count():
                some = next(iter(self.vectors.ids()))
                for vector in self.catalogue.vectors([some]).values():
                    self.vectors.search(vector, 1)
        except StorageError:
            raise
        except LibraryError:
            return False
        return True

    def verify(self, on_progress: OnChecked | None = None) -> IndexReport:
        """Check counts, ids and a sample of exact searches; changes nothing."""
        return verify(self.catalogue, self.vectors, self.lexical, on_progress)

    def rebuild(self, on_progress: OnChecked | None = None) -> IndexReport:
        """Make vectors and BM25 again from the catalogue, encoding nothing; then `verify`.

        ``on_progress`` counts chunks.
        """
        with self._writing:
            self.vectors.reset(self.vectors.facts())
            self.lexical.remove(self.lexical.ids())
            live = self.catalogue.live_ids()
            self._refill(live, live, on_progress)
            self.lexical.save()
            self._compact()
        return self.verify()

    def _refill(
        self, missing: set[str], lost: set[str], on_progress: OnChecked | None = None
    ) -> None:
        languages, done = {d.name: d.language for d in self.catalogue.ready()}, 0
        for chunks, vectors in self.catalogue.live_chunks():
            words = (c for c in chunks if c.id in missing)
            for document, own in groupby(words, key=attrgetter("document")):
                passages = {chunk.id: chunk.passage for chunk in own}
                self.lexical.add([*passages], [*passages.values()], languages[document])
            rows = [i for i, c in enumerate(chunks) if c.id in lost]
            self.vectors.add([chunks[i].id for i in rows], vectors[rows])
            done += len(chunks)
            if on_progress:
                on_progress(done, len(missing | lost))

    def _check_vectors(self, facts: Mapping[str, Any]) -> None:
        # An empty collection is a new one, or one that was lost: `reconcile` fills it again.
        if derived.but_language(self.vectors.facts()) == derived.but_language(facts):
            return
        if self.vectors.count():
            raise LibraryMismatch(derived.mismatch(self.vectors.facts(), facts))
        self.vectors.reset(facts)
