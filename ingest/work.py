"""One pass over the queue: have each document parsed and cut, encode it, publish it.

Small documents go first, also while a large one is under way. While a document is encoded and
written, the next one is parsed and its first passages are encoded: small documents would otherwise
spend more time waiting than working.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
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
from ingest.reading import DocumentReader
from ingest.texts import keep_text, stored_text
from rag.errors import DocumentError, RanklensError, StorageError
from rag.models.encoder import Encoder
from rag.models.workers import in_background
from rag.settings import SHAPES_INDEX, Settings
from rag.store.catalogue import BYTES_A_CHUNK, Document
from rag.store.index import Index
from rag.store.picture_texts import PictureTexts
from rag.store.room import storage_error

log = logging.getLogger(__name__)

AHEAD = 2  # documents that are parsed ahead: the next one, and one that may pass
LOOK = 0.5  # seconds between two looks at a document that is being prepared
CHUNKS_A_PICTURE = 3  # about, of a scanned page
MUCH_SMALLER = 2  # times: one that passes has so many fewer chunks than are left of the other
_UNEXPECTED = (
    "unexpected error; details are in the server log. What was not finished stays queued and is "
    "tried again with the next document or the next start"
)


class Stopped(RanklensError):
    """The work is to stop; what was not finished stays queued."""


class _Later(Exception):
    """A document with about so many ``chunks`` goes on after a smaller one."""

    def __init__(self, chunks: int) -> None:
        super().__init__(chunks)
        self.chunks = chunks


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
    texts: PictureTexts
    _parser: Parser = field(init=False)
    _reader: DocumentReader = field(init=False)
    _pictures: dict[int, tuple[int, int]] = field(init=False, default_factory=dict)
    _progress: IndexingProgress = field(init=False, default=IndexingProgress(running=True))
    _started: float = field(init=False, default_factory=time.perf_counter)
    _known_bytes: int = field(init=False, default=0)
    _known_chunks: int = field(init=False, default=0)
    _ahead: dict[int, Future[_Prepared]] = field(init=False, default_factory=dict)
    _ahead_thread: ThreadPoolExecutor = field(
        init=False, default_factory=partial(ThreadPoolExecutor, 1, "preparing")
    )

    def __post_init__(self) -> None:
        self._parser = Parser(self.settings, self.encoder.token_counter)
        self._reader = DocumentReader(
            self._parser, self.settings, self.index.catalogue, self.texts, self._between_pictures
        )

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
            self._finish(document)

    def _finish(self, document: Document) -> None:
        self.index.room.check()
        self._update(current=document.name, pictures_done=0, pictures_total=0)
        try:
            outcome = self._one(document)
        except _Later:
            return
        self.passwords.pop(document.id, None)
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
            catalogue.update_document(document.id, status="failed", reason=str(error), chunks=0)
            return FileOutcome(document.name, "failed", str(error))
        except _Later as later:
            catalogue.update_document(document.id, status="queued", chunks=later.chunks)
            raise
        except (RanklensError, SQLAlchemyError, OSError):
            self.index.clear([document.id])
            catalogue.update_document(document.id, status="queued")
            raise
        except (KeyboardInterrupt, SystemExit):  # stopped by the user, which is no interruption
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
                self.texts.drop(former.digest)
        return FileOutcome(document.name, "replaced" if older else "added", chunks=count)

    def _prepared(self, document: Document) -> _Prepared:
        preparing = self._preparing(document)
        del self._ahead[document.id]
        if following := self.index.catalogue.next_queued():
            self._preparing(following)
        while not preparing.done():
            wait([preparing], LOOK)
            done, total = self._pictures.get(document.id, (0, 0))
            self._update(pictures_done=done, pictures_total=total)
        prepared = preparing.result()
        self._known_bytes += document.size
        self._known_chunks += len(prepared.cut.chunks)
        shaping = self.settings.shaping(SHAPES_INDEX)
        keep_text(self.index.catalogue, document.id, prepared.cut, settings=shaping)
        return prepared

    def _preparing(self, document: Document) -> Future[_Prepared]:
        """Return a document that is being prepared, begun now if it was not; few at a time."""
        if document.id not in self._ahead:
            while len(self._ahead) >= AHEAD:
                self._ahead.pop(next(iter(self._ahead))).cancel()
            begun = self._ahead_thread.submit(copy_context().run, self._prepare, document)
            self._ahead[document.id] = begun
        return self._ahead[document.id]

    def _prepare(self, document: Document) -> _Prepared:
        cut = self._cut(document)
        if not cut.chunks:
            raise DocumentError("holds no text")
        encoded = batches(self.index, self.encoder, cut.chunks, self.settings.keep_tokens)
        return _Prepared(cut, encoded)

    def _cut(self, document: Document) -> CutDocument:
        path, password = self.files.path(document.digest), self.passwords.get(document.id, "")
        try:
            return self._reader.read(document, path, password)
        except DocumentError:
            # Indexed again, an encrypted file cannot be opened without its password, but its
            # text is in the catalogue.
            stored = stored_text(self.index.catalogue, document)
            if stored is None:
                raise
            return self._parser.cut([(document.name, document.digest, stored)])[0]

    def _between_pictures(self, document: Document, done: int, total: int) -> None:
        """Before the next picture of a document: look whether something else comes first."""
        if self.stopped():
            raise Stopped
        catalogue = self.index.catalogue
        if done and document.interruptions:  # it got on, so it is not what ends the process
            catalogue.update_document(document.id, interruptions=0)
        self._pictures[document.id] = (done, total)
        chunks, waiting = (total - done) * CHUNKS_A_PICTURE, catalogue.next_queued()
        if waiting and waiting.id != document.id and _chunks_of(waiting) * MUCH_SMALLER <= chunks:
            raise _Later(chunks)

    def _chunks(self, document: Document, prepared: _Prepared) -> int:
        count = len(prepared.cut.chunks)
        for first, part, vectors, tokens in prepared.batches:
            while smaller := self._smaller(count - first):
                self._finish(smaller)
                self._update(current=document.name)
            if self.stopped():
                raise Stopped
            self.index.add(document.id, first, part, vectors, tokens)
            self._update(
                chunks_done=self._progress.chunks_done + len(part),
                chunks_total=self._known_chunks + self._expected(),
            )
        return count

    def _smaller(self, left: int) -> Document | None:
        """Return a document that is prepared and much smaller than ``left`` chunks, if any waits.

        One that turns out to be larger than its bytes promised waits on, with its chunks known.
        """
        catalogue = self.index.catalogue
        waiting = None if self.stopped() else catalogue.next_queued()
        if waiting is None or _chunks_of(waiting) * MUCH_SMALLER > left:
            return None
        preparing = self._preparing(waiting)
        if not preparing.done():
            return None
        if preparing.exception() is None:
            chunks = len(preparing.result().cut.chunks)
            if chunks * MUCH_SMALLER > left:
                catalogue.update_document(waiting.id, chunks=chunks)
                return None
        return waiting

    def _expected(self) -> int:
        """Estimate the chunks of the documents that still wait, from their bytes."""
        _, waiting = self.index.catalogue.waiting("queued")
        return round(waiting * self._known_chunks / max(self._known_bytes, 1))

    def _update(self, **changes: Any) -> None:
        waiting, _ = self.index.catalogue.waiting("queued", "indexing")
        seconds = time.perf_counter() - self._started
        progress = replace(self._progress, seconds=seconds, **changes)
        self._progress = replace(progress, documents_total=progress.documents_done + waiting)
        self.show(self._progress)


def _chunks_of(document: Document) -> float:
    """Return how many chunks a document that waits has, or probably has."""
    return document.chunks or document.size / BYTES_A_CHUNK
