"""The catalogue: what documents there are, their text, their chunks and vectors. In a database.

It is the source of truth. Chroma and the BM25 index are derived from it and can be rebuilt from it
without encoding anything again. A document's status is also the journal of what is under way:

    queued → indexing → ready → removed
                      ↘ failed

Only the chunks of ``ready`` documents are live; no search returns what else an index holds.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, func, insert, select, update
from sqlalchemy.exc import DatabaseError

from rag.errors import AddedMeanwhile, LibraryError
from rag.store import database, membership
from rag.store.document import LISTED, SMALLEST_FIRST, Document, Status, document_of
from rag.store.document_texts import DocumentTexts
from rag.store.migrate import bring_up_to_date
from rag.store.removals import Removals, lock_bytes
from rag.store.schema import documents, meta
from rag.store.statements import insert_or_replace

__all__ = ["Catalogue", "Document", "Status"]


class Catalogue(Removals, DocumentTexts):
    """Reads and writes the catalogue. Safe to use from several threads of one process."""

    def __init__(self, where: Path | str) -> None:
        """Open, migrate or create the file, or the tables of a database by its address.

        Raises `LibraryError` if it is damaged or too new, and `DatabaseUnavailable`.
        """
        super().__init__(database.open_database(where))
        self._where = where
        self._ready: tuple[tuple[int, int] | None, tuple[Document, ...]] = (None, ())
        self._languages: tuple[Sequence[Document] | None, tuple[str, ...]] = (None, ())
        shown = database.describe(where)
        try:
            bring_up_to_date(self._engine, shown)
        except LibraryError:
            database.close(self._engine)
            raise
        except DatabaseError as error:
            database.close(self._engine)
            raise LibraryError(
                f"{shown} is damaged or not a catalogue ({error.orig}); restore it from a backup, "
                "or choose another library folder"
            ) from None

    @property
    def path(self) -> Path:
        """Where the file is; a database behind an address has none."""
        assert isinstance(self._where, Path)  # noqa: S101 - asked by the embedded store only
        return self._where

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine, for tables that other parts keep beside these."""
        return self._engine

    def close(self) -> None:
        """Close every connection."""
        database.close(self._engine)

    # Facts about the library as a whole

    def setting(self, key: str) -> Any:
        """Return a remembered fact, or None."""
        with self._engine.connect() as db:
            return db.scalar(select(meta.c.value).where(meta.c.key == key))

    def remember(self, key: str, value: Any) -> None:
        """Keep a fact about the library."""
        with self._engine.begin() as db:
            insert_or_replace(db, meta, [{"key": key, "value": value}], ["key"])

    # Documents

    def add_document(
        self,
        name: str,
        size: int,
        digest: str,
        parent: str = "",
        collection: int | None = None,
        known: Collection[Document] | None = None,
        before: Callable[[], object] = lambda: None,
        may_name: membership.MayName = lambda _places, _parents: True,
        pages: int | None = None,
    ) -> int:
        """Queue a document and return its id; see `membership.enrol` for its collection.

        Raises `DocumentError` unless it may have the name, of which nobody else adds one meanwhile.

        ``known`` are the documents of these bytes that were thought of; raises `AddedMeanwhile` if
        there is another one. ``before`` is called while nobody drops the bytes and nobody sees the
        document; what it raises is raised, and nothing is queued. ``pages`` are about as many as
        there are, until it is read.
        """
        row = {"name": name, "size": size, "digest": digest, "status": "queued", "parent": parent}
        row |= {"pages": pages}
        with self.changing_documents() as db:
            lock_bytes(db, digest)
            membership.reserve(db, name, may_name)
            result = db.execute(insert(documents).values(**row, added=time.time()))
            key = result.inserted_primary_key
            assert key is not None  # noqa: S101 - an INSERT of one row has a key
            if known is not None:
                _refuse_others(db, digest, {int(key[0]), *(document.id for document in known)})
            before()
            membership.enrol(db, name, collection, parent)
        return int(key[0])

    def update_document(self, document_id: int, **values: Any) -> None:
        """Set columns of one document."""
        with self.changing_documents() as db:
            db.execute(update(documents).where(documents.c.id == document_id).values(**values))

    def change(self, document_id: int, was: Status, **values: Any) -> bool:
        """Set columns of a document that is in the state ``was``; return whether it is.

        So one that was removed meanwhile stays removed.
        """
        of_it = documents.c.id == document_id, documents.c.status == was
        with self.changing_documents() as db:
            return bool(db.execute(update(documents).where(*of_it).values(**values)).rowcount)

    def is_removed(self, document_id: int) -> bool:
        """Return whether a document was removed, by somebody or by a newer version of it."""
        query = select(documents.c.status).where(documents.c.id == document_id)
        with self._engine.connect() as db:
            return db.scalar(query) in (None, "removed")

    def documents(
        self, *statuses: Status, name: str | None = None, digest: str | None = None,
        digests: Collection[str] = (),
    ) -> list[Document]:  # fmt: skip
        """Return documents by name, newest version last; all but the removed ones by default."""
        query = select(*LISTED).order_by(documents.c.name, documents.c.id)
        if statuses:
            query = query.where(documents.c.status.in_(statuses))
        else:
            query = query.where(documents.c.status != "removed")
        if name is not None:
            query = query.where(documents.c.name == name)
        if digest is not None:
            query = query.where(documents.c.digest == digest)
        if digests:
            query = query.where(documents.c.digest.in_(digests))
        with self._engine.connect() as db:
            return [document_of(row) for row in db.execute(query)]

    def digests(self) -> set[str]:
        """Return the digests of all documents but the removed ones."""
        with self._engine.connect() as db:
            found = select(documents.c.digest).where(documents.c.status != "removed").distinct()
            return set(db.scalars(found))

    def ready(self) -> Sequence[Document]:
        """Return the documents that can be searched, by name; kept until one changes."""
        now = self.changes, self.outside()  # before they are read: a change meanwhile shows
        kept_at, kept = self._ready
        if kept_at != now:
            kept = tuple(self.documents("ready"))
            self._ready = (now, kept)
        return kept

    def languages(self) -> tuple[str, ...]:
        """Return the languages of the documents that can be searched, the most frequent first."""
        ready = self.ready()
        kept_of, kept = self._languages
        if kept_of is not ready:
            kept = tuple(name for name, _ in Counter(d.language for d in ready).most_common())
            self._languages = (ready, kept)
        return kept

    def next_queued(self) -> Document | None:
        """Return the smallest document that waits, of equal ones the first; None if none does."""
        waiting = select(*LISTED).where(documents.c.status == "queued").order_by(*SMALLEST_FIRST)
        with self._engine.connect() as db:
            row = db.execute(waiting.limit(1)).first()
        return document_of(row) if row else None

    def waiting(self, *statuses: Status) -> tuple[int, int]:
        """Return how many documents are in these states, and their bytes; lists none of them."""
        query = select(func.count(), func.coalesce(func.sum(documents.c.size), 0))
        with self._engine.connect() as db:
            count, size = db.execute(query.where(documents.c.status.in_(statuses))).one()
        return count, int(size)

    def sizes(self, *statuses: Status) -> list[tuple[str, int, int, int]]:
        """Return name, bytes, chunks and pages of documents in such states.

        Chunks are 0 before they are counted; pages are 0 if there are none, or if nothing is known.
        """
        c = documents.c
        query = select(c.name, c.size, c.chunks, c.pages)
        with self._engine.connect() as db:
            rows = db.execute(query.where(documents.c.status.in_(statuses)))
            return [(row.name, row.size, row.chunks, row.pages or 0) for row in rows]

    def problem(self) -> str:
        """Return what the database's own check finds, or an empty string."""
        return database.problem(self._engine)


def _refuse_others(db: Connection, digest: str, known: Collection[int]) -> None:
    alive = documents.c.status.in_(("ready", "queued", "indexing"))
    there = set(db.scalars(select(documents.c.id).where(documents.c.digest == digest, alive)))
    if there - set(known):
        raise AddedMeanwhile("the same bytes were added at the same moment; try again")
