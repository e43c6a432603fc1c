"""One pass over the queue: have each document parsed and cut, encode it, publish it.

Small documents go first, also while a large one is under way. While a document is encoded and
written, the next one is parsed and its first passages are encoded: small documents would otherwise
spend more time waiting than working.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import wait
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from ingest.attachments import Attachments
from ingest.originals import Originals
from ingest.parsed import CutDocument
from ingest.preparing import (
    MUCH_SMALLER,
    Gone,
    Later,
    Prepared,
    Preparer,
    Stopped,
    chunks_of,
)
from ingest.progress import FileOutcome, IndexingProgress
from ingest.remaining import Remaining
from ingest.texts import keep_text
from rag.errors import DocumentError, ProviderError, RanklensError, StorageError
from rag.models.encoder import Encoder
from rag.models.workers import in_background
from rag.settings import SHAPES_INDEX, Settings
from rag.store.catalogue import Document
from rag.store.picture_texts import PictureTexts
from rag.store.protocol import Store
from rag.store.room import storage_error

log = logging.getLogger(__name__)

LOOK = 0.5  # seconds between two looks at a document that is being prepared
_REMOVED = "it was removed while it was indexed"
_UNEXPECTED = (
    "unexpected error; details are in the server log. What was not finished stays queued and is "
    "tried again with the next document or the next start"
)


def halted(progress: IndexingProgress, error: Exception) -> IndexingProgress:
    """Return the progress of work that an error has ended, with the reason in words."""
    known = error if isinstance(error, RanklensError) else storage_error(error)
    reason = str(known) if known else _UNEXPECTED
    waits = isinstance(known, StorageError) or (isinstance(known, ProviderError) and known.passing)
    return replace(progress, running=False, current="", problem=reason, waits=waits)


@dataclass(slots=True)
class Work:
    """Indexes what is queued; ``stopped`` is called between batches, ``show`` with snapshots.

    Unless ``begins``, no further document is begun, and what is under way is finished.
    """

    index: Store
    encoder: Encoder
    files: Originals
    settings: Settings
    stopped: Callable[[], bool]
    show: Callable[[IndexingProgress], None]
    passwords: dict[int, str]
    texts: PictureTexts
    attachments: Attachments
    begins: Callable[[], bool] = lambda: True
    _preparer: Preparer = field(init=False)
    _progress: IndexingProgress = field(init=False, default=IndexingProgress(running=True))
    _started: float = field(init=False, default_factory=time.perf_counter)
    _remaining: Remaining = field(init=False)

    def __post_init__(self) -> None:
        self._preparer = Preparer(
            self.index, self.encoder, self.files, self.settings, self.passwords, self.stopped
        )
        self._remaining = Remaining(self.index.catalogue)

    def run(self) -> tuple[FileOutcome, ...]:
        """Work until the queue is empty or it is stopped; failed documents are outcomes."""
        try:
            with in_background():
                self._work()
        except Stopped:
            pass
        except (RanklensError, SQLAlchemyError, OSError) as error:
            if not isinstance(error, RanklensError):
                log.exception("indexing failed")
            self._progress = halted(self._progress, error)
        finally:
            if self._progress.documents_done:
                self.index.forget()
            self._preparer.close()
            waits = self.index.catalogue.waiting("queued")[0] > 0
            stopped = waits and self.stopped() and not self._progress.problem
            self._update(running=False, current="", stopped=stopped, seconds_left=None)
        return self._progress.outcomes

    def _work(self) -> None:
        self.index.tidy()
        while self.begins() and not self.stopped() and (document := self._following()):
            self._finish(document)

    def _following(self) -> Document | None:
        """Return the document that comes next."""
        return self.index.catalogue.next_queued()

    def _begin(self, document: Document) -> bool:
        """Take a document that waits; return whether it still does."""
        return self.index.catalogue.change(document.id, "queued", status="indexing", reason="")

    def _is_gone(self, document: Document) -> bool:
        """Return whether a document that was begun is not to be indexed any more."""
        return self.index.catalogue.is_removed(document.id)

    def _ended(self, document: Document) -> None:
        """Note that nothing more is done with a document now."""
        self._remaining.ended(document.id)

    def _finish(self, document: Document) -> None:
        self.index.room.check()
        self._update(current=document.name, pictures_done=0, pictures_total=0)
        try:
            outcome = self._one(document)
        except Later:
            return
        finally:
            self._ended(document)
        self.passwords.pop(document.id, None)
        self._update(
            documents_done=self._progress.documents_done + 1,
            outcomes=(*self._progress.outcomes, outcome),
        )

    def _one(self, document: Document) -> FileOutcome:
        started = time.perf_counter()
        if not self._begin(document):
            return FileOutcome(document.name, "stopped", _REMOVED)
        self._remaining.begins(document)
        try:
            prepared = self._prepared(document)
            count = self._chunks(document, prepared)
            warnings = self._attach(document, prepared.cut)
        except DocumentError as error:
            return self._failed(document, str(error))
        except Gone:
            self.index.clear([document.id])
            return FileOutcome(document.name, "stopped", _REMOVED)
        except Later as later:
            self.index.catalogue.change(document.id, "indexing", chunks=later.chunks)
            self.index.release(document.id)
            raise
        # What is stopped by the user is no interruption.
        except (RanklensError, SQLAlchemyError, OSError, KeyboardInterrupt, SystemExit):
            self.index.release(document.id)
            raise
        outcome = self._publish(document, prepared.cut, count, time.perf_counter() - started)
        return replace(outcome, warnings=warnings)

    def _failed(self, document: Document, reason: str) -> FileOutcome:
        if not self.index.fail(document.id, reason):
            return FileOutcome(document.name, "stopped", _REMOVED)
        return FileOutcome(document.name, "failed", reason)

    def _attach(self, document: Document, cut: CutDocument) -> tuple[str, ...]:
        """Queue what is attached to a document; return its warnings with those of its files.

        This comes before it is published: if the disk is full meanwhile, all of it is done again.
        """
        password = self.passwords.get(document.id, "")
        if refused := self.attachments.add(document, cut.attached or (), password):
            warnings = (*cut.warnings, *refused)
            self.index.catalogue.update_document(document.id, warnings="\n".join(warnings))
            return warnings
        return cut.warnings

    def _publish(
        self, document: Document, cut: CutDocument, count: int, seconds: float
    ) -> FileOutcome:
        catalogue = self.index.catalogue
        older = [one for one in catalogue.documents(name=document.name) if one.id < document.id]
        if self.index.publish(document.id, seconds) is None:
            if not catalogue.documents(name=document.name):
                self.attachments.drop_all(document)
            return FileOutcome(document.name, "stopped", _REMOVED)
        if cut.attached is not None:
            self.attachments.drop_former(document, cut.attached)
        for former in older:
            if catalogue.if_unused(former.digest, self.files.drop):
                self.texts.drop(former.digest)
        replaces = any(former.status == "ready" for former in older)
        return FileOutcome(document.name, "replaced" if replaces else "added", chunks=count)

    def _prepared(self, document: Document) -> Prepared:
        preparing = self._preparer.take(document)
        if following := self._following():
            self._preparer.of(following)
        while not preparing.done():
            wait([preparing], LOOK)
            self._refuse_ended(document)
            done, total = self._preparer.pictures(document)
            self._remaining.reads(done, total)
            self._update(pictures_done=done, pictures_total=total)
        prepared = preparing.result()
        cut = prepared.cut
        known = document.id, document.name, document.size
        self._remaining.cut(*known, len(cut.chunks), cut.pages or 0)
        shaping = self.settings.shaping(SHAPES_INDEX)
        keep_text(self.index.catalogue, document.id, prepared.cut, settings=shaping)
        return prepared

    def _chunks(self, document: Document, prepared: Prepared) -> int:
        count = len(prepared.cut.chunks)
        for first, part, vectors, tokens in prepared.batches:
            while smaller := self._smaller(count - first):
                self._finish(smaller)
                self._update(current=document.name)
            self._refuse_ended(document)
            self.index.add(document.id, first, part, vectors, tokens)
            self._remaining.written(document.id, len(part))
            self._update(chunks_done=self._progress.chunks_done + len(part))
        return count

    def _refuse_ended(self, document: Document) -> None:
        """Raise `Stopped` or `Gone` if a document is not to be indexed any more."""
        if not self.stopped() and not self._is_gone(document):
            return
        self._preparer.give_up(document)
        raise Stopped if self.stopped() else Gone

    def _smaller(self, left: int) -> Document | None:
        """Return a document that is prepared and much smaller than ``left`` chunks, if any waits.

        One that turns out to be larger than its bytes promised waits on, with its chunks known.
        """
        catalogue = self.index.catalogue
        waiting = None if self.stopped() else catalogue.next_queued()
        if waiting is None or chunks_of(waiting) * MUCH_SMALLER > left:
            return None
        preparing = self._preparer.of(waiting)
        if not preparing.done():
            return None
        if preparing.exception() is None:
            chunks = len(preparing.result().cut.chunks)
            if chunks * MUCH_SMALLER > left:
                catalogue.update_document(waiting.id, chunks=chunks)
                return None
        return waiting

    def _update(self, **changes: Any) -> None:
        seconds = time.perf_counter() - self._started
        progress = replace(self._progress, seconds=seconds, **changes)
        left = self._remaining.left(progress)
        self._progress = replace(
            progress,
            documents_total=progress.documents_done + left.documents,
            chunks_total=progress.chunks_done + left.chunks,
            seconds_left=left.seconds if progress.running else None,
        )
        self.show(self._progress)
