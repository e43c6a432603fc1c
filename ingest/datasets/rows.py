"""Index documents that are rows of a file, without a file for each.

They go through the same chunker, encoder and index as files, many documents at a time: catalogue,
vectors and BM25 first, then each is published.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import astuple, dataclass
from functools import partial

import numpy as np

from ingest.ahead import ahead
from ingest.datasets.base import CorpusRow
from ingest.documents import Documents
from ingest.encoding import vectors_of
from ingest.parse import Parser
from ingest.parsed import BlockSpan, CutDocument, Parsed, sound
from ingest.progress import IndexingProgress
from ingest.texts import keep_text
from rag.settings import SHAPES_INDEX
from rag.types import Chunk

AT_ONCE = 64  # documents


@dataclass(frozen=True, slots=True)
class _PreparedRow:
    row: CorpusRow
    cut: CutDocument


@dataclass(frozen=True, slots=True)
class _Encoded:
    """Rows, their chunks' vectors and packed tokens, and the seconds that a row took."""

    rows: list[_PreparedRow]
    vectors: np.ndarray
    tokens: Sequence[bytes | None]
    seconds: float


def index_rows(
    library: Documents,
    rows: Sequence[CorpusRow],
    on_progress: Callable[[IndexingProgress], None] | None = None,
    stop: threading.Event | None = None,
) -> bool:
    """Make the library hold exactly these rows; False if it was stopped before it was done.

    Rows that are there already are left alone, so the next call continues from here.
    """
    waiting = _waiting(library, rows)
    started = time.perf_counter()
    done = chunks = 0
    parts = [waiting[first : first + AT_ONCE] for first in range(0, len(waiting), AT_ONCE)]
    with closing(_Cutter(library)) as cutter:
        for encoded in ahead(partial(_encoded, library, cutter, part) for part in parts):
            if stop and stop.is_set():
                return False
            chunks += _write(library, encoded)
            done += len(encoded.rows)
            if on_progress:
                on_progress(
                    IndexingProgress(
                        documents_done=done,
                        documents_total=len(waiting),
                        chunks_done=chunks,
                        chunks_total=round(chunks * len(waiting) / done),
                        seconds=time.perf_counter() - started,
                        running=done < len(waiting),
                    )
                )
    return True


def digest(row: CorpusRow) -> str:
    """Return the SHA-256 of a row; its id is part of it, as chunks' ids are made from it."""
    return hashlib.sha256("\0".join(astuple(row)).encode("utf-8", "replace")).hexdigest()


def parsed(row: CorpusRow) -> Parsed:
    """Return a row as a parsed document: the title as its heading, then the text."""
    text = sound("\n".join(filter(None, (row.title, row.text))))
    heading = BlockSpan(0, len(row.title), "heading", 1, None)
    words = BlockSpan(len(text) - len(row.text), len(text), "paragraph", 0, None)
    spans = tuple(span for span in (heading, words) if span.start < span.end)
    return Parsed("text/plain", None, text, spans)


def _waiting(library: Documents, rows: Sequence[CorpusRow]) -> list[CorpusRow]:
    """Return the rows that are not in the library yet; what no row stands for is retired."""
    wanted = {(row.id, digest(row)): row for row in rows if row.title or row.text}
    catalogue = library.index.catalogue
    there = {(d.name, d.digest) for d in catalogue.documents("ready")} & wanted.keys()
    strange = [
        d.id
        for d in catalogue.documents()
        if d.status != "ready" or (d.name, d.digest) not in there
    ]
    for first in range(0, len(strange), AT_ONCE):
        library.index.retire(strange[first : first + AT_ONCE])
    return [row for key, row in wanted.items() if key not in there]


class _Cutter:
    """Cuts rows in a process of its own, which several threads use by turns."""

    def __init__(self, library: Documents) -> None:
        self._parser = Parser(library.settings, library.encoder.token_counter)
        self._turn = threading.Lock()

    def cut(self, part: Sequence[CorpusRow]) -> list[_PreparedRow]:
        documents = [(row.id, digest(row), parsed(row)) for row in part]
        with self._turn:
            found = self._parser.cut(documents)
        return [_PreparedRow(row, cut) for row, cut in zip(part, found, strict=True)]

    def close(self) -> None:
        with self._turn:
            self._parser.close()


def _encoded(library: Documents, cutter: _Cutter, part: Sequence[CorpusRow]) -> _Encoded:
    started = time.perf_counter()
    rows = cutter.cut(part)
    texts = [context(chunk) for one in rows for chunk in one.cut.chunks]
    vectors, tokens = vectors_of(library.encoder, texts, library.settings.keep_tokens)
    return _Encoded(rows, vectors, tokens, (time.perf_counter() - started) / len(rows))


def _write(library: Documents, encoded: _Encoded) -> int:
    """Index one batch: the same order of writing as `Index.add` and `Index.publish`."""
    index, ids = library.index, []
    chunks = [chunk for one in encoded.rows for chunk in one.cut.chunks]
    position = 0
    words: dict[str, list[Chunk]] = {}
    for one in encoded.rows:
        own = slice(position, position + len(one.cut.chunks))
        ids.append(_remember(library, one, encoded.vectors[own]))
        words.setdefault(index.catalogue.language(ids[-1]), []).extend(one.cut.chunks)
        if library.settings.keep_tokens:
            passages = [chunk.passage for chunk in one.cut.chunks]
            kept = [codes for codes in encoded.tokens[own] if codes]
            index.tokens.add(ids[-1], 0, passages, kept)
        position = own.stop
    index.vectors.add([c.id for c in chunks], encoded.vectors)
    for language, own_words in words.items():
        index.lexical.add([c.id for c in own_words], [c.passage for c in own_words], language)
    index.lexical.save()
    for document_id in ids:
        index.catalogue.publish(document_id, encoded.seconds)
    return len(chunks)


def context(chunk: Chunk) -> str:
    """Return what the encoder reads: title and text, but not the id, which means nothing."""
    title = " › ".join(chunk.heading)
    return chunk.text if chunk.text.startswith(title) else f"{title}\n{chunk.text}"


def _remember(library: Documents, one: _PreparedRow, vectors: np.ndarray) -> int:
    catalogue = library.index.catalogue
    size = len(one.cut.text.encode())
    document_id = catalogue.add_document(one.row.id, size, digest(one.row))
    settings = library.settings.shaping(SHAPES_INDEX)
    keep_text(catalogue, document_id, one.cut, status="indexing", settings=settings)
    catalogue.add_chunks(document_id, 0, one.cut.chunks, vectors)
    return document_id
