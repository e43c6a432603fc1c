"""One pass over the queue: have each document parsed and cut, encode it, publish it.

While a document is encoded and written, the next one is parsed and its first passages are encoded:
small documents would otherwise spend more time waiting than working.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from ingest.encoding import Batch, batches
from ingest.files import Files
from ingest.parse import Parser
from ingest.parsed import CutDocument
from ingest.progress import FileOutcome, IndexingProgress
from ingest.texts import keep_text, stored_text
from rag.errors import DocumentError, RanklensError, StorageError
from rag.models.encoder import Encoder
from rag.models.workers import in_background
from rag.settings import SHAPES_INDEX, Settings
from rag.store.catalogue import Document
from rag.store.index import Index
from rag.store.room import storage_error

log = logging.getLogger(__name__)

CHUNKS_A_BYTE = 1 / 900
_UNEXPECTED = (
    "unexpected error; details are in the server log. What was not finished stays queued and is "
    "tried again with the next document or the next start"
)


class Stopped(RanklensError):
    """The work is to stop; what was not finished stays queued."""


def halted(progress: IndexingProgress, error: Exception) -> IndexingProgress:
    """Return the progress of work that an error has ended, with the reason in words."""
    known = error if isinstance(error, RanklensError) else storage_error(error)
    reason = str(known) if known else _UNEXPECTED
    waits = isinstance(known, StorageError)
    return replace(progress, running=False, current="", problem=reason, waits=waits)


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A document that is parsed and cut; its first batches are being encoded."""

    cut: CutDocument
    batches: Iterator[Batch]


@dataclass(slots=True)
class Work:
    """Indexes what is queued; ``stopped`` is called between batches, ``show`` with snapshots."""

    index: Index
    encoder: Encoder
    files: Files
    settings: Settings
    stopped: Callable[[], bool]
    show: Callable[[IndexingProgress], None]
    passwords: dict[int, str]
    _parser: Parser = field(init=False)
    _progress: IndexingProgress = field(init=False, default=IndexingProgress(running=True))
    _started: float = field(init=False, default_factory=time.perf_counter)
    _bytes_done: int = field(init=False, default=0)
    _ahead: dict[int, Future[_Prepared]] = field(init=False, default_factory=dict)
    _ahead_thread: ThreadPoolExecutor = field(
        init=False, default_factory=partial(ThreadPoolExecutor, 1, "preparing")
    )

    def __post_init__(self) -> None:
        self._parser = Parser(self.settings, self.encoder.token_counter)

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
            self.index.forget()
            for preparing in self._ahead.values():
                preparing.cancel()
            self._ahead_thread.submit(self._parser.close)
            self._ahead_thread.shutdown(wait=False)
            self._update(running=False, current="")
        return self._progress.outcomes

    def _work(self) -> None:
        self.index.tidy()
        while not self.stopped() and (document := self.index.catalogue.next_queued()):
            self.index.room.check()
            self._update(current=document.name)
            outcome = self._one(document)
            self.passwords.pop(document.id, None)
            self._bytes_done += document.size
            self._update(
                documents_done=self._progress.documents_done + 1,
                outcomes=(*self._progress.outcomes, outcome),
            )

    def _one(self, document: Document) -> FileOutcome:
        started = time.perf_counter()
        catalogue = self.index.catalogue
        catalogue.update_document(document.id, status="indexing", reason="")
        try:
            prepared = self._prepared(document)
            count = self._chunks(document, prepared)
        except DocumentError as error:
            self.index.clear([document.id])
            catalogue.update_document(document.id, status="failed", reason=str(error))
            return FileOutcome(document.name, "failed", str(error))
        except (RanklensError, SQLAlchemyError, OSError):
            self.index.clear([document.id])
            catalogue.update_document(document.id, status="queued")
            raise
        outcome = self._publish(document, count, time.perf_counter() - started)
        return replace(outcome, warnings=prepared.cut.warnings)

    def _publish(self, document: Document, count: int, seconds: float) -> FileOutcome:
        catalogue = self.index.catalogue
        older = catalogue.documents("ready", name=document.name)
        if self.index.publish(document.id, seconds) is None:
            return FileOutcome(document.name, "stopped", "it was removed while it was indexed")
        for former in older:
            if not catalogue.documents(digest=former.digest):
                self.files.drop(former.digest)
        return FileOutcome(document.name, "replaced" if older else "added", chunks=count)

    def _prepared(self, document: Document) -> _Prepared:
        preparing = self._ahead.pop(document.id, None) or self._begin(document)
        following = self.index.catalogue.next_queued()
        if following and following.id not in self._ahead:
            self._ahead = {following.id: self._begin(following)}
        prepared = preparing.result()
        shaping = self.settings.shaping(SHAPES_INDEX)
        keep_text(self.index.catalogue, document.id, prepared.cut, settings=shaping)
        return prepared

    def _begin(self, document: Document) -> Future[_Prepared]:
        return self._ahead_thread.submit(copy_context().run, self._prepare, document)

    def _prepare(self, document: Document) -> _Prepared:
        cut = self._cut(document)
        if not cut.chunks:
            raise DocumentError("holds no text")
        encoded = batches(self.index, self.encoder, cut.chunks, self.settings.keep_tokens)
        return _Prepared(cut, encoded)

    def _cut(self, document: Document) -> CutDocument:
        path, password = self.files.path(document.digest), self.passwords.get(document.id, "")
        try:
            return self._parser.parse(path, document.digest, document.name, password)
        except DocumentError:
            # Indexed again, an encrypted file cannot be opened without its password, but its
            # text is in the catalogue.
            stored = stored_text(self.index.catalogue, document)
            if stored is None:
                raise
            return self._parser.cut([(document.name, document.digest, stored)])[0]

    def _chunks(self, document: Document, prepared: _Prepared) -> int:
        chunks = prepared.cut.chunks
        before = self._progress.chunks_done
        for first, part, vectors, tokens in prepared.batches:
            if self.stopped():
                raise Stopped
            self.index.add(document.id, first, part, vectors, tokens)
            done = first + len(part)
            self._update(
                chunks_done=before + done,
                chunks_total=before + len(chunks) + self._expected(document, before + len(chunks)),
            )
        return len(chunks)

    def _expected(self, document: Document, chunks_known: int) -> int:
        """Estimate the chunks of the documents that still wait, from their bytes."""
        _, waiting = self.index.catalogue.waiting("queued")
        known = self._bytes_done + document.size
        return round(waiting * (chunks_known / known if known else CHUNKS_A_BYTE))

    def _update(self, **changes: Any) -> None:
        waiting, _ = self.index.catalogue.waiting("queued", "indexing")
        seconds = time.perf_counter() - self._started
        progress = replace(self._progress, seconds=seconds, **changes)
        self._progress = replace(progress, documents_total=progress.documents_done + waiting)
        self.show(self._progress)
