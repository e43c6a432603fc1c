"""The end of a document's indexing and of a document: published, interrupted, retired, cleared."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, delete, false, func, select, update

from rag.store import database, membership
from rag.store.changing import Changing
from rag.store.chunk_rows import ChunkRows
from rag.store.schema import chunks, documents, meta, word_boxes
from rag.store.statements import insert_or_replace, serialise

MOST_INTERRUPTIONS = 2
_INTERRUPTED = (
    "the program ended twice while it was being indexed, so it is not tried again by itself; it "
    "may need more memory than there is: split it, or add it again to try once more"
)
_REMOVED = "removed since compacted"
_FORGOTTEN = {
    "text": None, "spans": None, "name": "", "digest": "", "reason": "", "warnings": "",
    "parent": "",
}  # fmt: skip


class Removals(ChunkRows, Changing):
    """Changes which documents are live, and forgets those that are not."""

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

    def if_unused(self, digest: str, drop: Callable[[str], object]) -> bool:
        """Call ``drop`` with a digest if no document has these bytes; return whether none has.

        Nobody adds such a document meanwhile.
        """
        there = select(documents.c.id).where(documents.c.digest == digest)
        with self._engine.begin() as db:
            lock_bytes(db, digest)
            unused = db.scalar(there.where(documents.c.status != "removed").limit(1)) is None
            if unused:
                drop(digest)
        return unused

    def holds_removed(self) -> bool:
        """Whether documents were removed since `compact` was called."""
        with self._engine.connect() as db:
            return bool(db.scalar(select(meta.c.value).where(meta.c.key == _REMOVED)))

    def compact(self) -> None:
        """Write the file anew, without what it still holds of removed documents.

        SQLite overwrites what is deleted, but when it moves rows from one page to another, it
        leaves copies behind. Takes seconds for each 100 MB, and as much room twice.
        """
        database.compact(self._engine)
        with self._engine.begin() as db:
            db.execute(delete(meta).where(meta.c.key == _REMOVED))
        self.empty_journal()

    def empty_journal(self) -> None:
        """Write SQLite's journal back and cut it to nothing, unless somebody reads for long."""
        database.empty_journal(self._engine)

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


def lock_bytes(db: Connection, digest: str) -> None:
    """Let nobody add or drop these bytes until the transaction ends."""
    serialise(db, f"bytes {digest}")
    # Changes nothing, but takes SQLite's write lock.
    db.execute(update(documents).where(false()).values(digest=digest))


def _retire(db: Connection, document_ids: Sequence[int]) -> None:
    # A few bytes only: this works on a disk that is nearly full. `clear` does the rest.
    db.execute(update(documents).where(documents.c.id.in_(document_ids)).values(status="removed"))
    if document_ids:
        insert_or_replace(db, meta, [{"key": _REMOVED, "value": True}], ["key"])
