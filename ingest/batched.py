"""Index texts that are known already, many documents at a time, without a file for each.

They go through the same chunker, encoder and index as files: catalogue, vectors and BM25 first,
then each is published.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial

import numpy as np

from ingest.ahead import ahead
from ingest.documents import Documents
from ingest.encoding import vectors_of
from ingest.parse import Parser
from ingest.parsed import CutDocument, Parsed
from ingest.progress import IndexingProgress
from ingest.texts import keep_text
from rag.errors import LibraryError
from rag.settings import SHAPES_INDEX
from rag.store.index import Index
from rag.types import Chunk

AT_ONCE = 64  # documents
CHARACTERS = 500_000  # of the documents together


@dataclass(frozen=True, slots=True)
class KnownText:
    """A document that needs no parsing.

    A ``row`` of a file has an id for its name, which means nothing: the encoder does not read it.
    """

    name: str
    digest: str
    parsed: Parsed
    row: bool = False


@dataclass(frozen=True, slots=True)
class _CutText:
    text: KnownText
    cut: CutDocument


@dataclass(frozen=True, slots=True)
class _Encoded:
    """Documents, their chunks' vectors and packed tokens, and the seconds that one took."""

    documents: list[_CutText]
    vectors: np.ndarray
    tokens: Sequence[bytes | None]
    seconds: float


def index_texts(
    library: Documents,
    texts: Iterable[KnownText],
    total: int,
    on_progress: Callable[[IndexingProgress], None] | None = None,
    stop: threading.Event | None = None,
) -> bool:
    """Add documents to a library that has none of them; False if it was stopped before the end.

    ``total`` is their number. Each is complete or not there at all, whatever happens.
    """
    started = time.perf_counter()
    done = chunks = 0
    with closing(_Cutter(library)) as cutter:
        for encoded in ahead(partial(_encoded, library, cutter, part) for part in _parts(texts)):
            if stop and stop.is_set():
                return False
            chunks += _write(library, encoded)
            done += len(encoded.documents)
            if on_progress:
                on_progress(
                    IndexingProgress(
                        documents_done=done,
                        documents_total=total,
                        chunks_done=chunks,
                        chunks_total=round(chunks * total / done),
                        seconds=time.perf_counter() - started,
                        running=done < total,
                    )
                )
    return True


def _parts(texts: Iterable[KnownText]) -> Iterator[list[KnownText]]:
    part: list[KnownText] = []
    characters = 0
    for text in texts:
        part.append(text)
        characters += len(text.parsed.text)
        if len(part) == AT_ONCE or characters >= CHARACTERS:
            yield part
            part, characters = [], 0
    if part:
        yield part


class _Cutter:
    """Cuts texts in a process of its own, which several threads use by turns."""

    def __init__(self, library: Documents) -> None:
        self._parser = Parser(library.settings, library.encoder.token_counter)
        self._turn = threading.Lock()

    def cut(self, part: Sequence[KnownText]) -> list[_CutText]:
        with self._turn:
            found = self._parser.cut([(one.name, one.digest, one.parsed) for one in part])
        return [_CutText(text, cut) for text, cut in zip(part, found, strict=True)]

    def close(self) -> None:
        with self._turn:
            self._parser.close()


def _encoded(library: Documents, cutter: _Cutter, part: Sequence[KnownText]) -> _Encoded:
    started = time.perf_counter()
    documents = cutter.cut(part)
    passages = [
        context(chunk) if one.text.row else chunk.passage
        for one in documents
        for chunk in one.cut.chunks
    ]
    vectors, tokens = vectors_of(library.encoder, passages, library.settings.keep_tokens)
    return _Encoded(documents, vectors, tokens, (time.perf_counter() - started) / len(documents))


def _write(library: Documents, encoded: _Encoded) -> int:
    """Index one batch: the same order of writing as `Index.add` and `Index.publish`."""
    index, ids = _embedded(library), []
    chunks = [chunk for one in encoded.documents for chunk in one.cut.chunks]
    position = 0
    words: dict[str, list[Chunk]] = {}
    for one in encoded.documents:
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


def _embedded(library: Documents) -> Index:
    if isinstance(library.index, Index):
        return library.index
    raise LibraryError(
        "data sets are indexed in an embedded library only: unset database_url for this command"
    )


def context(chunk: Chunk) -> str:
    """Return what the encoder reads of a row: title and text, but not the id."""
    title = " › ".join(chunk.heading)
    return chunk.text if chunk.text.startswith(title) else f"{title}\n{chunk.text}"


def _remember(library: Documents, one: _CutText, vectors: np.ndarray) -> int:
    catalogue = library.index.catalogue
    size = len(one.cut.text.encode())
    document_id = catalogue.add_document(one.text.name, size, one.text.digest)
    settings = library.settings.shaping(SHAPES_INDEX)
    keep_text(catalogue, document_id, one.cut, status="indexing", settings=settings)
    catalogue.add_chunks(document_id, 0, one.cut.chunks, vectors)
    return document_id
