"""A document's chunks before it is published, and the one transaction that publishes it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Row, delete, insert, select, update

from rag.store import chunk_rows
from rag.store import tokens as token_rows
from rag.store.postgres import blocks, vectors
from rag.store.postgres.blocks import PostingBlock
from rag.store.postgres.queue import FREE
from rag.store.schema import chunks, documents
from rag.store.schema import tokens as tokens_table
from rag.types import Chunk

Vectors = NDArray[np.float32]
WRITTEN_AT_ONCE = 500  # chunks a statement


@dataclass(slots=True)
class Draft:
    """What a worker has made of a document so far, in its memory."""

    chunks: list[Chunk] = field(default_factory=list)
    vectors: list[Vectors] = field(default_factory=list)
    tokens: list[tuple[int, Sequence[str], Sequence[bytes]]] = field(default_factory=list)

    def add(self, made: Sequence[Chunk], rows: Vectors, codes: Sequence[bytes]) -> None:
        """Append chunks with their vectors and, if they are to be kept, their tokens' codes."""
        if codes:
            passages = [chunk.passage for chunk in made]
            self.tokens.append((len(self.chunks), passages, codes))
        self.chunks += made
        self.vectors.append(rows)


def publish(
    db: Connection, document_id: int, owner: str, draft: Draft, block: PostingBlock, seconds: float
) -> list[int] | None:
    """Make a document live in a transaction; return the ids of the versions that it replaces.

    None if it was removed, is another worker's, or a newer version is live: nothing is written then
    but, in the last case, that it is removed.
    """
    versions = _locked_versions(db, document_id)
    this = next((row for row in versions if row.id == document_id), None)
    if this is None or (this.status, this.lease_owner) != ("indexing", owner):
        return None
    if any(row.id > document_id and row.status == "ready" for row in versions):
        _retire(db, [document_id])
        return None
    retired = [row.id for row in versions if row.id < document_id and row.status != "removed"]
    _retire(db, retired)
    _write(db, document_id, draft, block)
    values = {"status": "ready", "reason": "", "chunks": len(draft.chunks), **FREE}
    own = update(documents).where(documents.c.id == document_id)
    db.execute(own.values(**values, indexed=time.time(), seconds=seconds))
    return retired


def _locked_versions(db: Connection, document_id: int) -> list[Row[Any]]:
    """Lock all versions of a document, always in one order, so that publishers wait in turn."""
    name = select(documents.c.name).where(documents.c.id == document_id).scalar_subquery()
    query = select(documents.c.id, documents.c.status, documents.c.lease_owner)
    query = query.where(documents.c.name == name).order_by(documents.c.id).with_for_update()
    return list(db.execute(query))


def _retire(db: Connection, document_ids: Sequence[int]) -> None:
    if document_ids:
        gone = update(documents).where(documents.c.id.in_(document_ids))
        db.execute(gone.values(status="removed", **FREE))
        db.execute(delete(chunks).where(chunks.c.document_id.in_(document_ids)))


def _write(db: Connection, document_id: int, draft: Draft, block: PostingBlock) -> None:
    if not draft.chunks:
        return
    stacked = np.concatenate(draft.vectors)
    for first in range(0, len(draft.chunks), WRITTEN_AT_ONCE):
        part = slice(first, first + WRITTEN_AT_ONCE)
        made, rows = draft.chunks[part], stacked[part]
        db.execute(insert(chunks), chunk_rows.rows_of(document_id, first, made, rows))
        vectors.insert(db, document_id, first, [chunk.id for chunk in made], rows)
    for first, passages, codes in draft.tokens:
        db.execute(insert(tokens_table), token_rows.rows_of(document_id, first, passages, codes))
    blocks.put(db, block)
