"""One pass over the queue: parse, cut, encode, publish; one document after the other.

While a document is encoded and written, the next one is parsed and cut and its first passages are
encoded: small documents would otherwise spend more time waiting than working.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import astuple, dataclass, replace
from typing import Any

from ingest.chunk import chunk as cut
from ingest.encoding import Batch, Encoding
from ingest.files import Files
from ingest.parse import BlockSpan, Parsed, Parser
from ingest.progress import FileOutcome, IndexingProgress
from rag.errors import DocumentError, RanklensError
from rag.models.encoder import Encoder
from rag.models.workers import in_background
from rag.settings import SHAPES_INDEX, Settings
from rag.store.catalogue import Catalogue, Document
from rag.store.index import Index
from rag.types import Chunk

CHUNKS_A_BYTE = 1 / 900


class Stopped(RanklensError):
    """The work was asked to stop; what was not finished stays queued."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A document that is parsed and cut; its first batches are being encoded."""

    parsed: Parsed
    chunks: list[Chunk]
    batches: Iterator[Batch]


class Work:
    """Indexes what is queued. ``stopped`` is asked between batches; ``show`` gets each snapshot."""

    def __init__(
        self,
        index: Index,
        encoder: Encoder,
        files: Files,
        settings: Settings,
        stopped: Callable[[], bool],
        show: Callable[[IndexingProgress], None],
        passwords: dict[int, str],
    ) -> None:
        self._index = index
        self._encoder = encoder
        self._files = files
        self._settings = settings
        self._stopped = stopped
        self._show = show
        self._passwords = passwords
        self._progress = IndexingProgress(running=True)
        self._started = time.perf_counter()
        self._bytes_done = 0
        self._ahead_thread = ThreadPoolExecutor(1, thread_name_prefix="preparing")
        self._parser = Parser(settings)
        self._ahead: dict[int, Future[_Prepared]] = {}

    def run(self) -> tuple[FileOutcome, ...]:
        """Work until the queue is empty or it is stopped; failed documents are outcomes."""
        try:
            with in_background():
                self._work()
        except Stopped:
            pass
        except RanklensError as error:
            self._update(problem=str(error))
        finally:
            for preparing in self._ahead.values():
                preparing.cancel()
            self._ahead_thread.submit(self._parser.close)
            self._ahead_thread.shutdown(wait=False)
            self._update(running=False, current="")
        return self._progress.outcomes

    def _work(self) -> None:
        while not self._stopped() and (document := self._index.catalogue.next_queued()):
            self._update(current=document.name)
            outcome = self._one(document)
            self._passwords.pop(document.id, None)
            self._finish(document, outcome)

    def _one(self, document: Document) -> FileOutcome:
        started = time.perf_counter()
        catalogue = self._index.catalogue
        catalogue.update_document(document.id, status="indexing", reason="")
        try:
            count = self._chunks(document, self._prepared(document))
        except DocumentError as error:
            self._index.discard([document.id])
            catalogue.update_document(document.id, status="failed", reason=str(error))
            return FileOutcome(document.name, "failed", str(error))
        except RanklensError:
            self._index.discard([document.id])
            catalogue.update_document(document.id, status="queued")
            raise
        return self._publish(document, count, time.perf_counter() - started)

    def _publish(self, document: Document, count: int, seconds: float) -> FileOutcome:
        catalogue = self._index.catalogue
        older = catalogue.documents("ready", name=document.name)
        if self._index.publish(document.id, seconds) is None:
            return FileOutcome(document.name, "stopped", "it was removed while it was indexed")
        for former in older:
            if not catalogue.documents(digest=former.digest):
                self._files.drop(former.digest)
        return FileOutcome(document.name, "replaced" if older else "added", chunks=count)

    def _prepared(self, document: Document) -> _Prepared:
        preparing = self._ahead.pop(document.id, None) or self._begin(document)
        following = self._index.catalogue.next_queued()
        if following and following.id not in self._ahead:
            self._ahead = {following.id: self._begin(following)}
        prepared = preparing.result()
        parsed = prepared.parsed
        self._index.catalogue.update_document(
            document.id,
            media_type=parsed.media_type,
            pages=parsed.pages,
            text=parsed.text,
            spans=[list(astuple(span)) for span in parsed.spans],
            settings=self._settings.shaping(SHAPES_INDEX),
        )
        self._index.catalogue.keep_boxes(document.id, parsed.boxes)
        return prepared

    def _begin(self, document: Document) -> Future[_Prepared]:
        return self._ahead_thread.submit(copy_context().run, self._prepare, document)

    def _prepare(self, document: Document) -> _Prepared:
        parsed = self._parsed(document)
        chunks = cut(
            parsed,
            document=document.name,
            digest=document.digest,
            count_tokens=self._encoder.count_tokens,
            limit=self._settings.chunk_tokens,
            overlap=self._settings.chunk_overlap,
        )
        if not chunks:
            raise DocumentError("holds no text")
        encoding = Encoding(self._index, self._encoder, document.name, self._settings.keep_tokens)
        return _Prepared(parsed, chunks, encoding.batches(chunks))

    def _parsed(self, document: Document) -> Parsed:
        path, password = self._files.path(document.digest), self._passwords.get(document.id, "")
        try:
            return self._parser.parse(path, password, document.name)
        except DocumentError:
            # Indexed again, an encrypted file cannot be opened without its password, but its
            # text is in the catalogue.
            stored = stored_text(self._index.catalogue, document)
            if stored is None:
                raise
            return stored

    def _chunks(self, document: Document, prepared: _Prepared) -> int:
        chunks = prepared.chunks
        before = self._progress.chunks_done
        for first, part, vectors, tokens in prepared.batches:
            if self._stopped():
                raise Stopped
            self._index.add(document.id, first, part, vectors, tokens)
            done = first + len(part)
            self._update(
                chunks_done=before + done,
                chunks_total=before + len(chunks) + self._expected(document, before + len(chunks)),
            )
        return len(chunks)

    def _expected(self, document: Document, chunks_known: int) -> int:
        """Estimate the chunks of the documents that still wait, from their bytes."""
        _, waiting = self._index.catalogue.waiting("queued")
        known = self._bytes_done + document.size
        return round(waiting * (chunks_known / known if known else CHUNKS_A_BYTE))

    def _finish(self, document: Document, outcome: FileOutcome) -> None:
        self._bytes_done += document.size
        self._update(
            documents_done=self._progress.documents_done + 1,
            outcomes=(*self._progress.outcomes, outcome),
        )

    def _update(self, **changes: Any) -> None:
        waiting, _ = self._index.catalogue.waiting("queued", "indexing")
        seconds = time.perf_counter() - self._started
        progress = replace(self._progress, seconds=seconds, **changes)
        self._progress = replace(progress, documents_total=progress.documents_done + waiting)
        self._show(self._progress)


def stored_text(catalogue: Catalogue, document: Document) -> Parsed | None:
    """Return a document's text and structure as its parser gave it, None before it is parsed."""
    stored = catalogue.document_text(document.id)
    if stored is None:
        return None
    text, spans = stored
    blocks = tuple(BlockSpan(*span) for span in spans)
    boxes = catalogue.boxes(document.id)
    return Parsed(document.media_type, document.pages, text, blocks, boxes)
