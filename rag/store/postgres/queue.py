"""The documents table as the queue of several workers: claims with a lease, and attempts.

A claim locks one row for the moment of the claim and skips rows that others have locked. Times are
the database's own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, case, func, select, update

from rag.store.document import LISTED, SMALLEST_FIRST
from rag.store.removals import MOST_INTERRUPTIONS
from rag.store.schema import documents

LEASE_SECONDS = 30.0
_CUT_OFF = (
    "the worker that indexed it ended or was cut off twice, so it is not tried again by itself; it "
    "may need more memory than there is: split it, or add it again to try once more"
)
_now = func.extract("epoch", func.clock_timestamp())
FREE: dict[str, Any] = {"lease_owner": "", "lease_until": None}
"""Columns of a document that nobody has claimed."""


class LeasedQueue:
    """Claims documents for one worker, whose name is ``owner``.

    ``check`` raises if this worker must not index for the library any more.
    """

    def __init__(
        self,
        engine: Engine,
        owner: str,
        seconds: float = LEASE_SECONDS,
        check: Callable[[Connection], None] = lambda _db: None,
    ) -> None:
        self._engine = engine
        self.owner = owner
        self._seconds = seconds
        self._check = check

    def claim(self) -> Row[Any] | None:
        """Take the smallest document that waits; None if none does."""
        waiting = (
            select(documents.c.id)
            .where(documents.c.status == "queued")
            .order_by(*SMALLEST_FIRST)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        with self._engine.begin() as db:
            self._check(db)
            _return_lapsed(db)
            key = db.scalar(waiting)
            if key is None:
                return None
            taken = update(documents).where(documents.c.id == key).returning(*LISTED)
            begun = {"status": "indexing", "reason": "", "lease_owner": self.owner}
            return db.execute(taken.values(**begun, lease_until=self._until())).one()

    def renew(self, document_id: int) -> bool:
        """Begin the lease anew; False if the document is not this worker's any more.

        This never waits for a row that is locked, as by its publication, which nobody interrupts.
        """
        this = select(documents.c.id).where(*self._own(document_id))
        with self._engine.begin() as db:
            if db.scalar(this.with_for_update(skip_locked=True)) is None:
                return db.scalar(this) is not None
            own = update(documents).where(documents.c.id == document_id)
            db.execute(own.values(lease_until=self._until()))
            return True

    def release(self, document_id: int) -> bool:
        """Queue a document again that this worker has claimed."""
        return self._change(document_id, status="queued", **FREE)

    def fail(self, document_id: int, reason: str) -> bool:
        """Mark a document that this worker has claimed as failed."""
        return self._change(document_id, status="failed", reason=reason, chunks=0, **FREE)

    def _until(self) -> Any:
        return _now + self._seconds

    def _own(self, document_id: int) -> tuple[ColumnElement[bool], ...]:
        return (
            documents.c.id == document_id,
            documents.c.status == "indexing",
            documents.c.lease_owner == self.owner,
        )

    def _change(self, document_id: int, **values: Any) -> bool:
        own = self._own(document_id)
        with self._engine.begin() as db:
            return bool(db.execute(update(documents).where(*own).values(**values)).rowcount)


def _return_lapsed(db: Connection) -> None:
    """Queue documents again whose lease has run out; at the second time they fail."""
    lapsed = (
        select(documents.c.id)
        .where(documents.c.status == "indexing", func.coalesce(documents.c.lease_until, 0) < _now)
        .with_for_update(skip_locked=True)
    )
    counted = documents.c.interruptions + 1
    often = counted >= MOST_INTERRUPTIONS
    values = {
        "interruptions": counted,
        "status": case((often, "failed"), else_="queued"),
        "reason": case((often, _CUT_OFF), else_=""),
        "chunks": case((often, 0), else_=documents.c.chunks),
    }
    db.execute(update(documents).where(documents.c.id.in_(lapsed)).values(**values, **FREE))
