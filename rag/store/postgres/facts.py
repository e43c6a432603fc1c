"""What a library is indexed with, compared where another process may have changed it.

`requeue_all` queues every document for another encoder while other processes run. They compare what
they were opened with: before a claim, within each publication, and before a dense search of a
version that is new to them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Engine, delete, select, update

from rag.errors import LibraryMismatch
from rag.store.derived import but_language, differences
from rag.store.postgres.queue import FREE
from rag.store.postgres.tables import bm25_blocks, lock_chunks, patient
from rag.store.schema import chunks, documents, meta
from rag.store.statements import insert_or_replace

KEY = "index"
_INDEXED = select(meta.c.value).where(meta.c.key == KEY)


class IndexFacts:
    """What this process indexes and searches with."""

    def __init__(self, engine: Engine, facts: Mapping[str, Any]) -> None:
        self._engine = engine
        self._facts = facts
        self._checked = -1

    def check(self, db: Connection, hold: bool = False) -> None:
        """Raise `LibraryMismatch` if the library is indexed with others by now.

        ``hold``: nobody changes that before the transaction ends. No lock may be taken before.
        """
        there = db.scalar(_INDEXED.with_for_update(read=True) if hold else _INDEXED)
        # Languages differ in words only, and those are compared by the analyser's name.
        if there is not None and but_language(there) != but_language(self._facts):
            raise LibraryMismatch(
                "the library is being indexed with other settings by now: "
                f"{differences(there, self._facts)}. Restart this process with those settings"
            )

    def check_at(self, version: int) -> None:
        """`check` once for each version of the store."""
        if version != self._checked:
            with self._engine.connect() as db:
                self.check(db)
            self._checked = version


def requeue_all(db: Connection, facts: Mapping[str, Any]) -> None:
    """Queue every document again and drop what was made of it, in a transaction.

    Publications under way end before, and no later one is by a process with other facts.
    """
    patient(db)
    insert_or_replace(db, meta, [{"key": KEY, "value": dict(facts)}], ["key"])
    lock_chunks(db)
    again = documents.c.status.in_(("ready", "indexing", "failed"))
    queued = {"status": "queued", "reason": "", "chunks": 0, "interruptions": 0}
    db.execute(update(documents).where(again).values(**queued, **FREE))
    db.execute(delete(chunks))
    db.execute(delete(bm25_blocks))
