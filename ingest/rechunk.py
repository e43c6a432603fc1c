"""Index a library's documents again in another library, from the texts in its catalogue.

Nothing is parsed or recognised again: the texts are cut and encoded by the other library's
settings. Sentences that a language model wrote for chunks (`context_headers`) are not written anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import replace

from ingest.batched import KnownText, index_texts
from ingest.documents import Documents
from ingest.progress import IndexingProgress
from ingest.texts import stored_text
from rag.store.catalogue import Document


def rechunk(
    source: Documents,
    target: Documents,
    names: Collection[str] | None = None,
    rows: bool = False,
    on_progress: Callable[[IndexingProgress], None] | None = None,
    stop: threading.Event | None = None,
) -> bool:
    """Make ``target`` hold the ready documents of ``source``; False if it was stopped.

    With ``names`` these only. ``rows``: they are rows of a file (`KnownText`). Documents that it
    has already are left alone, so the next call continues from here.
    """
    wanted = [d for d in source.index.catalogue.ready() if names is None or d.name in names]
    catalogue = target.index.catalogue
    there = {(one.name, one.digest) for one in catalogue.documents("ready")}
    # What a process that was killed left behind.
    target.index.retire([one.id for one in catalogue.documents() if one.status != "ready"])
    waiting = [one for one in wanted if (one.name, one.digest) not in there]
    return index_texts(target, _texts(source, waiting, rows), len(waiting), on_progress, stop)


def _texts(source: Documents, waiting: Iterable[Document], rows: bool) -> Iterator[KnownText]:
    for document in waiting:
        parsed = stored_text(source.index.catalogue, document)
        if parsed is not None:
            # Without the places of words on pages: only whole rankings are looked at.
            yield KnownText(document.name, document.digest, replace(parsed, boxes=b""), rows)
