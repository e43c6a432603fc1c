"""Documents are read, cut and begun to be encoded ahead of the work that writes them.

All of it runs in one thread. A document whose pictures take long is left between two of them if a
much smaller one waits; what was recognised of it is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass

from ingest.contexts import ContextWriter
from ingest.encoding import Batch, batches
from ingest.originals import Originals
from ingest.parse import Parser, ReadingEnded
from ingest.parsed import CutDocument
from ingest.reading import DocumentReader
from ingest.texts import stored_text
from rag.errors import DocumentError, RanklensError
from rag.models.encoder import Encoder
from rag.settings import Settings
from rag.store.document import BYTES_A_CHUNK, Document
from rag.store.picture_texts import PictureTexts
from rag.store.protocol import Store

AHEAD = 2  # documents that are parsed ahead: the next one, and one that may pass
CHUNKS_A_PICTURE = 3  # about, of a scanned page
MUCH_SMALLER = 2  # times: one that passes has so many fewer chunks than are left of the other


class Stopped(RanklensError):
    """The work is to stop; what was not finished stays queued."""


class Gone(Exception):
    """The document was removed while it was being indexed."""


class Later(Exception):
    """A document with about so many ``chunks`` goes on after a smaller one."""

    def __init__(self, chunks: int) -> None:
        super().__init__(chunks)
        self.chunks = chunks


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document that is parsed and cut; its first batches are being encoded."""

    cut: CutDocument
    batches: Iterator[Batch]


class Preparer:
    """Prepares few documents at a time; `close` must be called in the end."""

    def __init__(
        self,
        index: Store,
        encoder: Encoder,
        files: Originals,
        settings: Settings,
        passwords: dict[int, str],
        stopped: Callable[[], bool],
    ) -> None:
        self._index = index
        self._encoder = encoder
        self._files = files
        self._settings = settings
        self._passwords = passwords
        self._stopped = stopped
        self._parser = Parser(settings, encoder.token_counter)
        texts = PictureTexts(index.catalogue.engine)
        self._reader = DocumentReader(
            self._parser, settings, index.catalogue, texts, self._between_pictures
        )
        self._contexts = ContextWriter(settings, texts, self._refuse_ended)
        self._pictures: dict[int, tuple[int, int]] = {}
        self._preparing = 0  # the document that is read at the moment
        self._closed = False
        self._ahead: dict[int, Future[Prepared]] = {}
        self._thread = ThreadPoolExecutor(1, "preparing")

    def of(self, document: Document) -> Future[Prepared]:
        """Return a document that is being prepared, begun now if it was not.

        What is raised is `DocumentError`, `Stopped`, `Gone`, or `Later`.
        """
        if document.id not in self._ahead:
            while len(self._ahead) >= AHEAD:
                self._ahead.pop(next(iter(self._ahead))).cancel()
            begun = self._thread.submit(copy_context().run, self._prepare, document)
            self._ahead[document.id] = begun
        return self._ahead[document.id]

    def take(self, document: Document) -> Future[Prepared]:
        """Return what `of` does; the next call begins anew."""
        self.of(document)
        return self._ahead.pop(document.id)

    def pictures(self, document: Document) -> tuple[int, int]:
        """Return how many of a document's pictures are read, and how many there are."""
        return self._pictures.get(document.id, (0, 0))

    def give_up(self, document: Document) -> None:
        """End the reading of a document that was taken, if it is under way."""
        if self._preparing == document.id:
            self._parser.interrupt()

    def close(self) -> None:
        """Drop what has not begun, end what is being read, and its process; waits for nothing."""
        self._closed = True
        for preparing in self._ahead.values():
            preparing.cancel()
        self._parser.interrupt()
        self._thread.submit(self._parser.close)
        self._thread.shutdown(wait=False)

    def _prepare(self, document: Document) -> Prepared:
        self._preparing = document.id
        while True:
            try:
                cut = self._cut(document)
                break
            except ReadingEnded:  # by whoever gave up this document, or the one before it
                self._refuse_ended(document)
        if not cut.chunks:
            raise DocumentError("holds no text")
        # While it waits: how long the rest takes, and what goes first, depends on it.
        self._index.catalogue.change(document.id, "queued", chunks=len(cut.chunks))
        cut = self._contexts.write(document, cut)
        # A server gives no vectors of single tokens, and computing them here is what it is to save.
        keep_tokens = self._settings.keep_tokens and not self._settings.encoder_url
        encoded = batches(self._index, self._encoder, cut.chunks, keep_tokens)
        return Prepared(cut, encoded)

    def _cut(self, document: Document) -> CutDocument:
        try:
            path = self._files.path(document.digest)
            return self._reader.read(document, path, self._passwords.get(document.id, ""))
        except ReadingEnded:
            raise
        except DocumentError:
            # Indexed again, an encrypted file cannot be opened without its password, but its
            # text is in the catalogue.
            stored = stored_text(self._index.catalogue, document)
            if stored is None:
                raise
            return self._parser.cut([(document.name, document.digest, stored)])[0]

    def _between_pictures(self, document: Document, done: int, total: int) -> None:
        """Before the next picture of a document: look whether something else comes first."""
        self._refuse_ended(document)
        catalogue = self._index.catalogue
        if done and document.interruptions:  # it got on, so it is not what ends the process
            catalogue.update_document(document.id, interruptions=0)
        self._pictures[document.id] = (done, total)
        chunks, waiting = (total - done) * CHUNKS_A_PICTURE, catalogue.next_queued()
        if waiting and waiting.id != document.id and chunks_of(waiting) * MUCH_SMALLER <= chunks:
            raise Later(chunks)

    def _refuse_ended(self, document: Document) -> None:
        if self._closed or self._stopped():
            raise Stopped
        if self._index.catalogue.is_removed(document.id):
            raise Gone


def chunks_of(document: Document) -> float:
    """Return how many chunks a document that waits has, or probably has."""
    return document.chunks or document.size / BYTES_A_CHUNK
