"""The store on PostgreSQL: any number of processes search it and index into it at once."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select, text
from sqlalchemy.exc import SQLAlchemyError

from rag.errors import RanklensError, StorageError
from rag.settings import Settings
from rag.store import derived
from rag.store.analyse import AUTO, Analyser, AutoAnalyser, analyser
from rag.store.catalogue import Catalogue, Document
from rag.store.collections import Collections
from rag.store.common import CommonStore
from rag.store.document import document_of
from rag.store.exact import ExactVectors, Scope
from rag.store.postgres import blocks, publishing, vectors
from rag.store.postgres.checking import check, rebuild
from rag.store.postgres.facts import IndexFacts, requeue_all
from rag.store.postgres.publishing import Draft
from rag.store.postgres.queue import LEASE_SECONDS, LeasedQueue
from rag.store.postgres.tables import OPENING, one_version, patient, version_of
from rag.store.postgres.vectors import COMPARED, PostgresVectors, Scored
from rag.store.postgres.words import PostgresWords
from rag.store.private import FOLDER
from rag.store.room import Room
from rag.store.schema import documents
from rag.store.tokens import TokenStore
from rag.store.verifying import IndexReport, OnChecked
from rag.types import Chunk

log = logging.getLogger(__name__)

Vectors = NDArray[np.float32]
_ANALYSER = "analyser"


class PostgresStore(CommonStore):
    """`Store` over one database; `LeasedQueue` says which documents this process indexes."""

    lexical: PostgresWords

    def __init__(
        self,
        catalogue: Catalogue,
        facts: Mapping[str, Any],
        words: Analyser | AutoAnalyser,
        room: Room,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self.catalogue = catalogue
        catalogue.outside = self.version
        self.room = room
        self.tokens = TokenStore(catalogue.engine)
        self.collections = Collections(catalogue)
        self.lexical = PostgresWords(catalogue.engine, words)
        self.vectors = PostgresVectors(catalogue.engine)
        self._facts = IndexFacts(catalogue.engine, facts)
        owner = uuid.uuid4().hex
        self.queue = LeasedQueue(catalogue.engine, owner, lease_seconds, self._facts.check)
        self._scopes = ExactVectors(catalogue)
        self._drafts: dict[int, Draft] = {}
        self._counted: tuple[Sequence[Document], int] = ((), 0)

    @classmethod
    def open(
        cls,
        settings: Settings,
        catalogue: Catalogue,
        encoder_facts: Mapping[str, Any],
        afresh: bool = False,
    ) -> PostgresStore:
        """Open the library of a catalogue whose tables are there.

        ``afresh`` makes vectors and BM25 again from the catalogue. Raises `LibraryMismatch` if the
        library was made with another encoder or other settings, and `LibraryError` if pgvector is
        too old.
        """
        settings.library.mkdir(FOLDER, parents=True, exist_ok=True)  # of this host alone
        facts = derived.index_facts(settings, encoder_facts)
        auto = settings.language == AUTO
        words = AutoAnalyser(catalogue.languages) if auto else analyser(settings.language)
        store = cls(catalogue, facts, words, Room(settings.library, settings.min_free_mb))
        with catalogue.engine.begin() as db:  # one process at a time
            db.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": OPENING})
            derived.check_facts(settings, catalogue, facts)
            vectors.prepare(db, int(facts["dimension"]))
        if afresh or store._lacks_something():
            store.rebuild()
        catalogue.remember(_ANALYSER, words.name)
        return store

    @staticmethod
    def reset(settings: Settings, catalogue: Catalogue, encoder_facts: Mapping[str, Any]) -> None:
        """Queue every document again, for another encoder or other settings.

        Other processes may go on: they index nothing any more, and search by words alone.
        """
        with catalogue.changing_documents() as db:
            requeue_all(db, derived.index_facts(settings, encoder_facts))

    def _lacks_something(self) -> bool:
        """Whether vectors were dropped, or the words follow other rules than this program's."""
        if not self.catalogue.ready():
            return False
        if self.catalogue.setting(_ANALYSER) != self.lexical.analyser.name:
            return True
        with self.catalogue.engine.connect() as db:
            return db.scalar(text("SELECT 1 FROM embeddings LIMIT 1")) is None

    def version(self) -> int:
        """Return a number that grows with every change of what can be searched."""
        return version_of(self.catalogue.engine)

    def one_version(self) -> AbstractContextManager[None]:
        """Ask for the version once for all that is done within, as for one question."""
        return one_version(self.catalogue.engine)

    def close(self) -> None:
        """Give back what is claimed, and every connection."""
        for document_id in list(self._drafts):
            self.release(document_id)
        self.catalogue.close()

    # Dense search

    def scope(self, document_ids: Sequence[int]) -> Scope:
        """Return the chunks of live documents, remembered for the next question."""
        return self._scopes.scope(document_ids)

    def is_exact(self, scope: Scope | None) -> bool:
        """Return whether `near` compares every vector: of up to `COMPARED` chunks."""
        return (self._chunks() if scope is None else len(scope.ids)) <= COMPARED

    def near(self, vector: Vectors, k: int, scope: Scope | None = None) -> Scored:
        """Return the ``k`` nearest chunk ids with their cosines, best first.

        Raises `LibraryMismatch` if another process has the library indexed with another encoder.
        """
        self._facts.check_at(self.version())
        search = self.vectors.compare if self.is_exact(scope) else self.vectors.near
        return search(vector, k, scope.documents if scope else None)

    def compare(self, vector: Vectors, scope: Scope, k: int) -> Scored:
        """Return the ``k`` nearest chunks of ``scope`` by every vector of it, best first."""
        self._facts.check_at(self.version())
        return self.vectors.compare(vector, k, scope.documents)

    def _chunks(self) -> int:
        ready = self.catalogue.ready()
        if ready is not self._counted[0]:
            self._counted = ready, sum(document.chunks for document in ready)
        return self._counted[1]

    # The queue

    def claim(self) -> Document | None:
        """Take the smallest document that waits, with a lease; None if none does."""
        row = self.queue.claim()
        if row is None:
            return None
        self._drafts[row.id] = Draft()
        return document_of(row)

    def renew(self, document_id: int) -> bool:
        """Begin the lease anew; False if the document is not this store's any more."""
        return self.queue.renew(document_id)

    def release(self, document_id: int) -> None:
        """Queue a claimed document again, for another worker or a later start."""
        self._drafts.pop(document_id, None)
        self.queue.release(document_id)

    def fail(self, document_id: int, reason: str) -> bool:
        """Mark a claimed document as failed; False if it is not this store's any more."""
        self._drafts.pop(document_id, None)
        return self.queue.fail(document_id, reason)

    # Writing

    def add(
        self,
        document_id: int,
        first: int,
        chunks: Sequence[Chunk],
        vectors: Vectors,
        tokens: Sequence[bytes] = (),
    ) -> None:
        """Keep chunks of a claimed document in memory until `publish` writes all of them."""
        draft = self._drafts.setdefault(document_id, Draft())
        if first != len(draft.chunks):
            raise ValueError(f"chunk {first} cannot follow {len(draft.chunks)} others")
        draft.add(chunks, vectors, tokens)

    def publish(self, document_id: int, seconds: float) -> list[int] | None:
        """Make a document live, in place of its older versions, whose ids are returned.

        None if it was removed or its lease lost meanwhile; then nothing of it is there. Raises
        `LibraryMismatch` if another process has the library indexed with another encoder.
        """
        draft = self._drafts.pop(document_id, Draft())
        language = self.catalogue.language(document_id)
        words = self.lexical.analyser.document
        terms = {chunk.id: words(chunk.passage, language) for chunk in draft.chunks}
        block = blocks.block_of(document_id, terms)
        with self.catalogue.changing_documents() as db:
            patient(db)
            self._facts.check(db, hold=True)
            retired = publishing.publish(db, document_id, self.queue.owner, draft, block, seconds)
        try:
            self.clear([document_id] if retired is None else retired)
            if retired is not None:
                blocks.merge_due(self.catalogue.engine)
        # The document is live: the next pass clears, and the next publication merges.
        except (RanklensError, SQLAlchemyError) as error:
            log.warning("what follows a publication was not done: %s", error)
        return retired

    def hide(self, document_ids: Sequence[int]) -> None:
        """Remove documents from view; no search that starts after this returns their chunks."""
        self.catalogue.retire(document_ids)

    def clear(self, document_ids: Sequence[int]) -> None:
        """Forget the chunks of documents that are removed, and what was not published."""
        for document_id in document_ids:
            self._drafts.pop(document_id, None)
        removed = documents.c.status == "removed"
        query = select(documents.c.id).where(documents.c.id.in_(document_ids), removed)
        with self.catalogue.engine.connect() as db:
            gone = list(db.scalars(query))
        self.catalogue.clear(gone)

    def forget(self) -> None:
        """Write the blocks anew that still hold words of removed documents."""
        try:
            blocks.forget_removed(self.catalogue.engine)
        except StorageError as error:
            log.warning("words of removed documents are still in the database: %s", error)

    def tidy(self) -> None:
        """Finish removing what a process left that ended meanwhile."""
        self.clear(self.catalogue.leftovers())

    # The whole

    def verify(self, on_progress: OnChecked | None = None) -> IndexReport:
        """Check counts, ids and a sample of exact searches; changes nothing."""
        return check(self.catalogue, self.vectors, self.lexical, on_progress)

    def rebuild(self, on_progress: OnChecked | None = None) -> IndexReport:
        """Make vectors and BM25 again from the catalogue, encoding nothing; then `verify`.

        Searches go on meanwhile; publishing waits.
        """
        rebuild(self.catalogue, self.lexical.analyser, on_progress)
        return self.verify()
