"""How much of the indexing is left, and about how long it takes.

Work is counted in chunks, since encoding them takes most of the time: those of a PDF that waits go
by its pages, those of other files by their bytes. Each document costs some more for reading and
publishing it, and pictures that are read (OCR) are timed by themselves.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import PurePath

from ingest.loaders import PICTURES
from ingest.progress import IndexingProgress
from rag.store.catalogue import Catalogue
from rag.store.document import BYTES_A_CHUNK, Document

# Bytes a chunk of a file, before one of its format was cut. The others are text: their chunks go by
# their bytes, while pictures and fonts may be most of a file of these formats.
GUESSED = {
    **dict.fromkeys((".pdf",), 2_000),
    **dict.fromkeys((".html", ".htm", ".xhtml"), 2_500),
    **dict.fromkeys((".docx", ".pptx", ".xlsx", ".epub"), 1_500),
    **dict.fromkeys(PICTURES, 400_000),
}
GUESS = 20  # chunks, or pages, that a guess counts as, beside those that were cut
CHUNKS_A_PAGE = 4.5  # of a PDF, before one was cut: reports and manuals had 3.8 to 8.7
PACKED_POWER = 0.5  # a PDF of four times the bytes has about twice the chunks
A_DOCUMENT = 4.0  # chunks that a document costs beside its own
A_PICTURE = 3  # chunks, about, of a picture
LOOK_AGAIN = 1.0  # seconds between two looks at what waits


@dataclass(frozen=True, slots=True)
class WorkLeft:
    """Documents and chunks that are left, about, and seconds; None while no rate is known."""

    documents: int
    chunks: int
    seconds: float | None


@dataclass(slots=True)
class Remaining:
    """Learns from the documents that were cut and written how long the others take."""

    catalogue: Catalogue
    clock: Callable[[], float] = time.perf_counter
    _sizes: dict[str, tuple[int, int, int]] = field(init=False, default_factory=dict)
    _pages_cut: int = field(init=False, default=0)  # of PDFs
    _chunks_cut: int = field(init=False, default=0)  # of these pages
    _begun: dict[int, float] = field(init=False, default_factory=dict)
    _since: float | None = field(init=False, default=None)
    _looked: float = field(init=False, default=float("-inf"))
    _queue: tuple[float, int, int] = field(init=False, default=(0.0, 0, 0))
    _pictures: tuple[int, int] = field(init=False, default=(0, 0))
    _read: int = field(init=False, default=0)
    _reading: float = field(init=False, default=0.0)
    _last_look: float | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        for name, size, chunks, pages in self.catalogue.sizes("ready"):
            self._add(name, size, chunks, pages)

    def begins(self, document: Document) -> None:
        """Note that a document is being read; until it is cut, its chunks are a guess."""
        guess = self._guess(document.name, document.size, document.pages or 0)
        self._begun[document.id] = document.chunks or guess

    def cut(self, document_id: int, name: str, size: int, chunks: int, pages: int = 0) -> None:
        """Note that a document was read and cut."""
        self._since = self.clock() if self._since is None else self._since
        self._begun[document_id] = chunks
        self._add(name, size, chunks, pages)

    def written(self, document_id: int, chunks: int) -> None:
        """Note that so many more chunks of a document are in the indexes."""
        self._begun[document_id] -= chunks

    def ended(self, document_id: int) -> None:
        """Note that nothing more is done with a document now."""
        self._begun.pop(document_id, None)
        self._pictures, self._last_look = (0, 0), None

    def reads(self, done: int, total: int) -> None:
        """Note how many pictures of the document that is waited for are read, of how many."""
        now = self.clock()
        if total and self._last_look is not None:
            self._reading += now - self._last_look
            self._read += max(done - self._pictures[0], 0)
        self._last_look, self._pictures = (now, (done, total)) if total else (None, (0, 0))

    def left(self, progress: IndexingProgress) -> WorkLeft:
        """Return what is left; ``progress`` is how much is done."""
        waiting, images = self._waiting()
        pictures = self._pictures[1] - self._pictures[0]
        chunks = waiting + sum(self._begun.values()) + pictures * A_PICTURE
        documents, _ = self.catalogue.waiting("queued", "indexing")
        return WorkLeft(
            documents, round(chunks), self._seconds(progress, chunks, documents, pictures + images)
        )

    def _seconds(
        self, progress: IndexingProgress, chunks: float, documents: int, pictures: int
    ) -> float | None:
        a_picture = self._reading / self._read if self._read else 0.0
        done = progress.chunks_done + A_DOCUMENT * progress.documents_done
        if self._since is None or not done:
            return pictures * a_picture if self._read else None
        a_chunk = max(self.clock() - self._since - self._reading, 0.0) / done
        return (chunks + A_DOCUMENT * documents) * a_chunk + pictures * a_picture

    def _waiting(self) -> tuple[float, int]:
        """Return about how many chunks, and how many image files, wait.

        The documents are listed once a second at most; in between their bytes give the share.
        """
        _, size = self.catalogue.waiting("queued")
        chunks, images, listed = self._queue
        if self.clock() - self._looked >= LOOK_AGAIN or size > listed:
            sizes = self.catalogue.sizes("queued")
            chunks = sum(
                known or self._guess(name, size, pages) for name, size, known, pages in sizes
            )
            images = sum(_suffix(name) in PICTURES for name, *_ in sizes)
            self._queue, self._looked = (chunks, images, size), self.clock()
            listed = size
        return chunks * size / max(listed, 1), images

    def _guess(self, name: str, size: int, pages: int) -> float:
        suffix = _suffix(name)
        if pages and suffix == ".pdf":
            a_page = (GUESS * CHUNKS_A_PAGE + self._chunks_cut) / (GUESS + self._pages_cut)
            return pages * a_page
        files, cut_bytes, cut_chunks = self._sizes.get(suffix, (0, 0, 0))
        guessed = GUESSED.get(suffix, BYTES_A_CHUNK)
        if suffix in GUESSED and files:
            return cut_chunks / files * math.pow(size * files / max(cut_bytes, 1), PACKED_POWER)
        return size * (GUESS + cut_chunks) / (GUESS * guessed + cut_bytes)

    def _add(self, name: str, size: int, chunks: int, pages: int) -> None:
        suffix = _suffix(name)
        files, cut_bytes, cut_chunks = self._sizes.get(suffix, (0, 0, 0))
        self._sizes[suffix] = (files + 1, cut_bytes + size, cut_chunks + chunks)
        if pages and suffix == ".pdf":
            self._pages_cut, self._chunks_cut = self._pages_cut + pages, self._chunks_cut + chunks


def _suffix(name: str) -> str:
    return PurePath(name).suffix.lower()
