"""Index documents that are rows of a file, without a file for each."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Sequence
from dataclasses import astuple

from ingest.batched import KnownText, index_texts
from ingest.datasets.base import CorpusRow
from ingest.documents import Documents
from ingest.parsed import BlockSpan, Parsed, sound
from ingest.progress import IndexingProgress

AT_ONCE = 64  # documents


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
    texts = (KnownText(row.id, digest(row), parsed(row), row=True) for row in waiting)
    return index_texts(library, texts, len(waiting), on_progress, stop)


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
