"""Documents of a queue that several processes share: claimed with a lease, renewed, given back.

Whoever claims a document has it until its lease runs out, and renews that while it works. A worker
that is killed or cut off stops renewing: another one starts that document over. It publishes
nothing afterwards, because publishing asks for the lease.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy.exc import SQLAlchemyError

from ingest.work import Work
from rag.errors import RanklensError
from rag.store.catalogue import Document

log = logging.getLogger(__name__)

RENEW_SECONDS = 5.0  # a lease is several times as long
MANY = 4  # documents that wait, so that one more may be claimed ahead of its turn


class Leases:
    """Renews the leases of what this process indexes, in a thread of its own, until `close`."""

    def __init__(self, renew: Callable[[int], bool], every: float = RENEW_SECONDS) -> None:
        self._renew = renew
        self._held: dict[int, bool] = {}
        self._every = every
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="leases", daemon=True)
        self._thread.start()

    def hold(self, document_id: int) -> None:
        """Begin to renew the lease of a document that was claimed."""
        self._held[document_id] = True

    def drop(self, document_id: int) -> None:
        """Renew it no longer."""
        self._held.pop(document_id, None)

    def holds(self, document_id: int) -> bool:
        """Return whether a document was this process's when its lease was last renewed."""
        return self._held.get(document_id, False)

    def close(self) -> None:
        """End the thread."""
        self._closed.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.wait(self._every):
            for document_id in list(self._held):
                try:
                    still = self._renew(document_id)
                # The database may be back before the lease ends; if not, nothing is published.
                except (RanklensError, SQLAlchemyError) as error:
                    log.warning("a lease could not be renewed: %s", error)
                    continue
                if document_id in self._held:
                    self._held[document_id] = still


@dataclass(slots=True)
class LeasedWork(Work):
    """`Work` on a queue that other processes work on too.

    Another worker takes the smaller document that waits, so a large one is not left for it.
    """

    leases: Leases = field(init=False)
    _ahead: Document | None = field(init=False, default=None)

    def _work(self) -> None:
        self.leases = Leases(self.index.renew)
        try:
            if self.index.catalogue.waiting("queued")[0]:  # else there is nothing to tidy for
                self.index.tidy()
            while document := self._next():
                self._finish(document)
        finally:
            self.leases.close()
            if self._ahead is not None:
                self.index.release(self._ahead.id)

    def _next(self) -> Document | None:
        if self.stopped() or not self.begins():
            return None
        document, self._ahead = self._ahead or self._claimed(), None
        return document

    def _claimed(self) -> Document | None:
        if document := self.index.claim():
            self.leases.hold(document.id)
        return document

    def _finish(self, document: Document) -> None:
        """Index a document; an error gives it back, so that no interruption is counted."""
        try:
            Work._finish(self, document)
        except BaseException:
            self.index.release(document.id)  # does nothing once it is published
            raise

    def _following(self) -> Document | None:
        """Return a document to be read ahead; it is claimed, so that nobody else reads it too."""
        many = self.index.catalogue.waiting("queued")[0] >= MANY
        if self._ahead is None and many and self.begins():
            self._ahead = self._claimed()
        return self._ahead

    def _begin(self, document: Document) -> bool:
        return not self._is_gone(document)

    def _is_gone(self, document: Document) -> bool:
        return not self.leases.holds(document.id)

    def _smaller(self, left: int) -> None:
        """Leave no document for a smaller one."""

    def _ended(self, document: Document) -> None:
        Work._ended(self, document)
        self.leases.drop(document.id)
