"""Keeps the embedded indexes equal to the catalogue: removed, left over, lost, made again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from itertools import groupby
from operator import attrgetter

from rag.errors import LibraryError, StorageError
from rag.store.catalogue import Catalogue
from rag.store.common import CommonStore
from rag.store.exact import ExactVectors
from rag.store.lexical import LexicalIndex
from rag.store.room import Room
from rag.store.vectors import ChromaStore
from rag.store.verifying import IndexReport, OnChecked, verify

log = logging.getLogger(__name__)

# Removing 1,500 vectors took 1.7 MB of Chroma's journal.
REMOVED_AT_ONCE = 1000
ROOM_TO_REMOVE = 3 << 20
COMPACTED_UP_TO = 256 << 20  # bytes of the catalogue


class Upkeep(CommonStore):
    """Removes what is not live from vectors and BM25, and adds what is missing there."""

    lexical: LexicalIndex

    def __init__(
        self, catalogue: Catalogue, vectors: ChromaStore, lexical: LexicalIndex, room: Room
    ) -> None:
        self.catalogue = catalogue
        self.vectors = vectors
        self.lexical = lexical
        self.room = room
        self.exact = ExactVectors(catalogue)
        self._writing = threading.RLock()

    # Removing

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

    # Consistency

    def reconcile(self) -> None:
        """Make vectors and BM25 hold exactly the live chunks, doing only what is missing.

        On a full disk the rest is left to the next start: searches look at the catalogue anyway.
        """
        with self._writing:
            try:
                self._purge(self.catalogue.leftovers())
                self.catalogue.requeue_interrupted()
                self._restore()
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
