"""The catalogue: what documents there are, their text, their chunks and vectors. In SQLite.

It is the source of truth. Chroma and the BM25 index are derived from it and can be rebuilt from it
without encoding anything again. A document's status is also the journal of what is under way:

    queued → indexing → ready → removed
                      ↘ failed

Only the chunks of ``ready`` documents are live; no search returns what else an index holds.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    Connection,
    Engine,
    ExceptionContext,
    Row,
    case,
    create_engine,
    delete,
    event,
    func,
    insert,
    literal,
    select,
    update,
)
from sqlalchemy.exc import DatabaseError

from rag.errors import LibraryError
from rag.store import membership
from rag.store.chunk_rows import ChunkRows
from rag.store.migrate import bring_up_to_date
from rag.store.room import storage_error
from rag.store.schema import chunks, documents, meta, word_boxes
from rag.text.language import ENGLISH, NONE, stemming_of
from rag.text.plural import plural

Status = Literal["queued", "indexing", "ready", "failed", "removed"]
Vectors = NDArray[np.float32]
AT_ONCE = 500
BYTES_A_CHUNK = 900  # about, in files of text
MOST_INTERRUPTIONS = 2
_INTERRUPTED = (
    "the program ended twice while it was being indexed, so it is not tried again by itself; it "
    "may need more memory than there is: split it, or add it again to try once more"
)
BUSY_SECONDS = 30
_REMOVED = "removed since compacted"
_FORGOTTEN = {
    "text": None, "spans": None, "name": "", "digest": "", "reason": "", "warnings": "",
    "parent": "",
}  # fmt: skip
# A document's text and spans may be megabytes; lists of documents do without.
_UNLISTED = ("text", "spans", "settings", "lease_owner", "lease_until")
LISTED = [c for c in documents.c if c.name not in _UNLISTED]
# A document is measured by its chunks if they were counted already, else by its bytes.
SMALLEST_FIRST = (
    case((documents.c.chunks > 0, documents.c.chunks * BYTES_A_CHUNK), else_=documents.c.size),
    documents.c.id,
)


@dataclass(frozen=True, slots=True)
class Document:
    """A row of the catalogue. ``size`` in bytes, ``seconds`` from start to ready.

    ``language`` names the rules for the words of its text (`rag.text.language`). ``interruptions``
    counts how often the process ended while it was being indexed; ``warnings`` says what of it
    could not be read, a sentence a line. ``ocr_pictures`` counts the pages or pictures whose text
    was recognised (OCR), ``ocr_confidence`` is the mean of their letters' (0 to 1). ``parent``
    names the e-mail that it was attached to.
    """

    id: int
    name: str
    media_type: str
    size: int
    digest: str
    pages: int | None
    status: Status
    reason: str
    chunks: int
    added: datetime
    indexed: datetime | None
    seconds: float | None
    interruptions: int = 0
    warnings: str = ""
    language: str = ENGLISH
    ocr_pictures: int = 0
    ocr_confidence: float | None = None
    parent: str = ""

    @property
    def ocr(self) -> str:
        """How much of its text was recognised, and how surely, in words; "" if nothing was."""
        if self.ocr_confidence is None:
            return ""
        paged = self.media_type == "application/pdf" or self.media_type.startswith("image/")
        read = plural(self.ocr_pictures, "page" if paged else "picture")
        return f"{read} read by OCR, confidence {int(100 * self.ocr_confidence)}%"


class Catalogue(ChunkRows):
    """Reads and writes the catalogue. Safe to use from several threads of one process."""

    def __init__(self, path: Path) -> None:
        """Open, migrate or create; raises `LibraryError` if the file is damaged or too new."""
        self._path = path
        self._keeping = threading.Lock()
        self._ready: tuple[int, tuple[Document, ...] | None] = (0, None)
        self._languages: tuple[Sequence[Document] | None, tuple[str, ...]] = (None, ())
        self._engine = create_engine(f"sqlite:///{path}", connect_args={"timeout": BUSY_SECONDS})
        event.listen(self._engine, "connect", _tune)
        event.listen(self._engine, "handle_error", _explain)
        try:
            bring_up_to_date(self._engine, path)
        except LibraryError:
            self._engine.dispose()
            raise
        except DatabaseError as error:
            self._engine.dispose()
            raise LibraryError(
                f"{path} is damaged or not a catalogue ({error.orig}); restore it from a backup, "
                "or choose another library folder"
            ) from None

    @property
    def path(self) -> Path:
        """Where the file is."""
        return self._path

    @property
    def engine(self) -> Engine:
        """The SQLAlchemy engine, for tables that other parts keep in the same file."""
        return self._engine

    def close(self) -> None:
        """Close every connection."""
        self._engine.dispose()

    # Facts about the library as a whole

    def setting(self, key: str) -> Any:
        """Return a remembered fact, or None."""
        with self._engine.connect() as db:
            return db.scalar(select(meta.c.value).where(meta.c.key == key))

    def remember(self, key: str, value: Any) -> None:
        """Keep a fact about the library."""
        with self._engine.begin() as db:
            db.execute(delete(meta).where(meta.c.key == key))
            db.execute(insert(meta).values(key=key, value=value))

    # Documents

    def add_document(
        self, name: str, size: int, digest: str, parent: str = "", collection: int | None = None
    ) -> int:
        """Queue a document and return its id; see `membership.enrol` for its collection."""
        row = {"name": name, "size": size, "digest": digest, "status": "queued", "parent": parent}
        with self.changing_documents() as db:
            result = db.execute(insert(documents).values(**row, added=time.time()))
            membership.enrol(db, name, collection, parent)
            key = result.inserted_primary_key
        assert key is not None  # noqa: S101 - an INSERT of one row has a key
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
        self, *statuses: Status, name: str | None = None, digest: str | None = None
    ) -> list[Document]:
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
        with self._engine.connect() as db:
            return [document_of(row) for row in db.execute(query)]

    @property
    def changes(self) -> int:
        """How often documents were changed, by this object."""
        return self._ready[0]

    def ready(self) -> Sequence[Document]:
        """Return the documents that can be searched, by name; kept until one changes."""
        changes, kept = self._ready
        if kept is None:
            kept = tuple(self.documents("ready"))
            with self._keeping:
                if self._ready[0] == changes:
                    self._ready = (changes, kept)
        return kept

    def languages(self) -> tuple[str, ...]:
        """Return the languages of the documents that can be searched, the most frequent first."""
        ready = self.ready()
        kept_of, kept = self._languages
        if kept_of is not ready:
            kept = tuple(name for name, _ in Counter(d.language for d in ready).most_common())
            self._languages = (ready, kept)
        return kept

    def language(self, document_id: int) -> str:
        """Return a document's language."""
        query = select(documents.c.language).where(documents.c.id == document_id)
        with self._engine.connect() as db:
            return db.scalar(query) or ENGLISH

    def find_languages(self) -> None:
        """Find the language of documents that were indexed before it was kept or had rules."""
        unknown = select(documents.c.id).where(documents.c.language.in_(("", NONE)))
        with self._engine.connect() as db:
            ids = list(db.scalars(unknown.where(documents.c.text.is_not(None))))
        for document_id in ids:
            if stored := self.document_text(document_id):
                self.update_document(document_id, language=stemming_of(stored[0]))

    @contextmanager
    def changing_documents(self) -> Iterator[Connection]:
        """Open a transaction that changes documents or what is kept of them (`ready`)."""
        try:
            with self._engine.begin() as db:
                yield db
        finally:
            with self._keeping:
                self._ready = (self._ready[0] + 1, None)

    def next_queued(self) -> Document | None:
        """Return the smallest document that waits, of equal ones the first; None if none does."""
        waiting = select(*LISTED).where(documents.c.status == "queued")
        query = waiting.order_by(*SMALLEST_FIRST)
        with self._engine.connect() as db:
            row = db.execute(query.limit(1)).first()
        return document_of(row) if row else None

    def waiting(self, *statuses: Status) -> tuple[int, int]:
        """Return how many documents are in these states, and their bytes; lists none of them."""
        query = select(func.count(), func.coalesce(func.sum(documents.c.size), 0))
        with self._engine.connect() as db:
            count, size = db.execute(query.where(documents.c.status.in_(statuses))).one()
        return count, size

    def sizes(self, *statuses: Status) -> list[tuple[str, int, int]]:
        """Return name, bytes and chunks (0 before they are counted) of documents in such states."""
        query = select(documents.c.name, documents.c.size, documents.c.chunks)
        with self._engine.connect() as db:
            rows = db.execute(query.where(documents.c.status.in_(statuses)))
            return [(row.name, row.size, row.chunks) for row in rows]

    def document_text(self, document_id: int) -> tuple[str, Any] | None:
        """Return the extracted text and its block spans (as stored), or None before parsing."""
        query = select(documents.c.text, documents.c.spans).where(documents.c.id == document_id)
        with self._engine.connect() as db:
            row = db.execute(query).first()
        return (row.text, row.spans) if row and row.text is not None else None

    def copy_text(self, source: int, target: int) -> None:
        """Give a document the text, the structure and the word boxes of another one."""
        columns = (
            *("media_type", "pages", "text", "spans", "warnings"),
            *("ocr_pictures", "ocr_confidence", "parent"),
        )
        of_source = documents.alias()
        values = {
            name: select(of_source.c[name]).where(of_source.c.id == source).scalar_subquery()
            for name in columns
        }
        boxes = select(literal(target), word_boxes.c.data).where(word_boxes.c.document_id == source)
        with self.changing_documents() as db:
            db.execute(update(documents).where(documents.c.id == target).values(**values))
            db.execute(insert(word_boxes).from_select(["document_id", "data"], boxes))

    def keep_boxes(self, document_id: int, data: bytes) -> None:
        """Keep where a document's words stand on its pages; nothing is kept of empty data."""
        with self._engine.begin() as db:
            db.execute(delete(word_boxes).where(word_boxes.c.document_id == document_id))
            if data:
                db.execute(insert(word_boxes).values(document_id=document_id, data=data))

    def boxes(self, document_id: int) -> bytes:
        """Return what `keep_boxes` was given, empty if there is none."""
        query = select(word_boxes.c.data).where(word_boxes.c.document_id == document_id)
        with self._engine.connect() as db:
            return db.scalar(query) or b""

    def publish(self, document_id: int, seconds: float) -> list[int] | None:
        """Make a document live and retire the older versions of its name, in one transaction.

        Returns the ids of the retired versions, whose chunks the indexes no longer need, or None
        if the document was removed, or a newer version became live, while it was being indexed.
        """
        made = select(func.count()).where(chunks.c.document_id == document_id).scalar_subquery()
        this = documents.c.id == document_id
        values = {"reason": "", "chunks": made, "indexed": time.time(), "seconds": seconds}
        with self.changing_documents() as db:
            # Written first: that takes SQLite's write lock, so nobody removes it in between.
            being_indexed = update(documents).where(this, documents.c.status == "indexing")
            if not db.execute(being_indexed.values(status="ready", **values)).rowcount:
                return None
            name = select(documents.c.name).where(this).scalar_subquery()
            versions = select(documents.c.id).where(documents.c.name == name)
            newer = versions.where(documents.c.id > document_id, documents.c.status == "ready")
            if db.scalars(newer).first() is not None:
                _retire(db, [document_id])
                return None
            older = versions.where(documents.c.id < document_id, documents.c.status != "removed")
            retired = list(db.scalars(older))
            _retire(db, retired)
        return retired

    def retire(self, document_ids: Sequence[int]) -> None:
        """Mark documents as removed; from here on no search returns their chunks."""
        with self.changing_documents() as db:
            _retire(db, document_ids)

    def clear(self, document_ids: Sequence[int]) -> None:
        """Forget the chunks of documents that are not live; text and name of removed ones.

        What they held is overwritten in the file, and SQLite's journal is emptied.
        """
        self.drop_chunks(document_ids)
        removed = documents.c.status == "removed"
        for document_id in document_ids:
            this = documents.c.id == document_id
            with self._engine.begin() as db:
                name = db.scalar(select(documents.c.name).where(this))
                gone = update(documents).where(this, removed).values(**_FORGOTTEN)
                if db.execute(gone).rowcount:
                    boxes = word_boxes.c.document_id == document_id
                    db.execute(delete(word_boxes).where(boxes))
                    membership.forget(db, name or "")
        self.empty_journal()

    def holds_removed(self) -> bool:
        """Whether documents were removed since `compact` was called."""
        return bool(self.setting(_REMOVED))

    def compact(self) -> None:
        """Write the file anew, without what it still holds of removed documents.

        SQLite overwrites what is deleted, but when it moves rows from one page to another, it
        leaves copies behind. Takes seconds for each 100 MB, and as much room twice.
        """
        with self._engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
            db.exec_driver_sql("VACUUM")
        with self._engine.begin() as db:
            db.execute(delete(meta).where(meta.c.key == _REMOVED))
        self.empty_journal()

    def empty_journal(self) -> None:
        """Write SQLite's journal back and cut it to nothing, unless somebody reads for long."""
        with self._engine.connect() as db:
            db.exec_driver_sql("PRAGMA busy_timeout = 2000")
            db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")

    def leftovers(self) -> list[int]:
        """Return documents that are not live and yet have chunks, or are removed but named."""
        query = select(chunks.c.document_id).distinct().join(documents)
        unfinished = query.where(documents.c.status != "ready")
        texts = select(documents.c.id).where(
            documents.c.status == "removed",
            documents.c.text.is_not(None) | (documents.c.name != ""),
        )
        with self._engine.connect() as db:
            return sorted({*db.scalars(unfinished), *db.scalars(texts)})

    def requeue_interrupted(self) -> None:
        """Queue the documents during whose indexing the process ended, but for the second time.

        Then they fail: they may be why it ended, and it would end at every start.
        """
        counted = documents.c.interruptions + 1
        with self.changing_documents() as db:
            interrupted = update(documents).where(documents.c.status == "indexing")
            again = interrupted.where(counted >= MOST_INTERRUPTIONS)
            failed = {"status": "failed", "reason": _INTERRUPTED, "chunks": 0}
            db.execute(again.values(interruptions=counted, **failed))
            db.execute(interrupted.values(interruptions=counted, status="queued"))

    def requeue_unfinished(self) -> None:
        """Queue documents again that a full disk stopped; nothing is being indexed now."""
        with self.changing_documents() as db:
            stopped = documents.c.status == "indexing"
            db.execute(update(documents).where(stopped).values(status="queued"))

    def problem(self) -> str:
        """Return what SQLite's own integrity check finds, or an empty string."""
        with self._engine.connect() as db:
            found = db.exec_driver_sql("PRAGMA quick_check").scalar()
        return "" if found == "ok" else str(found)


def _tune(connection: Any, _record: Any) -> None:
    # WAL: readers never wait for the writer, and a killed process leaves a database that opens.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
    # What is deleted is overwritten: removed text must not stay in free pages.
    connection.execute("PRAGMA secure_delete=ON")


def _explain(context: ExceptionContext) -> None:
    """Raise a full or read-only disk as what it is, to every user of the engine."""
    if error := storage_error(context.original_exception):
        raise error from context.original_exception


def _retire(db: Connection, document_ids: Sequence[int]) -> None:
    # A few bytes only: this works on a disk that is nearly full. `clear` does the rest.
    db.execute(update(documents).where(documents.c.id.in_(document_ids)).values(status="removed"))
    if document_ids:
        db.execute(delete(meta).where(meta.c.key == _REMOVED))
        db.execute(insert(meta).values(key=_REMOVED, value=True))


def document_of(row: Row[Any]) -> Document:
    """Make a document of a row of the columns `LISTED`."""
    added = datetime.fromtimestamp(row.added, UTC)
    indexed = datetime.fromtimestamp(row.indexed, UTC) if row.indexed else None
    found = {"added": added, "indexed": indexed, "language": row.language or ENGLISH}
    return Document(**row._asdict() | found)
