"""The chunks' part of the catalogue: their text, where it stands, and their vectors."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Sequence
from functools import cache, lru_cache
from itertools import groupby
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import (
    ARRAY,
    Connection,
    Engine,
    Select,
    String,
    and_,
    any_,
    bindparam,
    delete,
    insert,
    select,
)
from sqlalchemy.dialects import sqlite

from rag.store.database import is_postgres
from rag.store.schema import chunks, documents
from rag.types import Chunk

Vectors = NDArray[np.float32]
Id = TypeVar("Id", int, str)
AT_ONCE = 500
DROPPED_AT_ONCE = 100  # their bytes are written twice: into SQLite's journal, then into the file


class ChunkRows:
    """Reads and writes chunks with their vectors; a chunk is live when its document is ready."""

    _engine: Engine

    def add_chunks(
        self, document_id: int, first: int, made: Sequence[Chunk], vectors: Vectors
    ) -> None:
        """Store chunks with their vectors (len(made), dimension), numbered from ``first``."""
        if rows := rows_of(document_id, first, made, vectors):
            with self._engine.begin() as db:
                db.execute(insert(chunks), rows)

    def drop_chunks(self, document_ids: Sequence[int]) -> None:
        """Forget the chunks of documents that are not live, in steps that need little room."""
        for document_id in document_ids:
            its = chunks.c.document_id == document_id
            first = (
                select(chunks.c.ordinal)
                .where(its)
                .order_by(chunks.c.ordinal)
                .limit(DROPPED_AT_ONCE)
            )
            dropped = True
            while dropped:
                with self._engine.begin() as db:
                    some = delete(chunks).where(its, chunks.c.ordinal.in_(first))
                    dropped = db.execute(some).rowcount == DROPPED_AT_ONCE

    def chunks_of(self, document_id: int) -> list[Chunk]:
        """Return a document's chunks in reading order, live or not."""
        query = _chunk_query().where(chunks.c.document_id == document_id)
        with self._engine.connect() as db:
            return [_chunk(row) for row in db.execute(query.order_by(chunks.c.ordinal))]

    def fetch(self, ids: Sequence[str]) -> dict[str, Chunk]:
        """Return the live chunks among ``ids``."""
        found: dict[str, Chunk] = {}
        with self._engine.connect() as db:
            for part in _parts(ids):
                rows = _rows(db, _FETCH, part)
                found |= {row[0]: _chunk(row) for row in rows if row[-1] == "ready"}
        return found

    def beside(self, ids: Sequence[str], reach: int) -> dict[str, list[Chunk]]:
        """Return for each live chunk those up to ``reach`` before and after it, in their order."""
        own = chunks.alias()
        near = chunks.c.ordinal.between(own.c.ordinal - reach, own.c.ordinal + reach)
        query = (
            _chunk_query(own.c.id.label("of"))
            .join(own, and_(own.c.document_id == chunks.c.document_id, near))
            .where(own.c.id.in_(ids), own.c.id != chunks.c.id, documents.c.status == "ready")
            .order_by(own.c.id, chunks.c.ordinal)
        )
        with self._engine.connect() as db:
            rows = list(db.execute(query))
        return {id: [_chunk(row) for row in own] for id, own in groupby(rows, lambda row: row.of)}

    def vectors(self, ids: Sequence[str]) -> dict[str, Vectors]:
        """Return the stored vectors, each (dimension,), of the chunks among ``ids``."""
        found: dict[str, Vectors] = {}
        with self._engine.connect() as db:
            for part in _parts(ids):
                rows = _rows(db, _VECTORS, part)
                found |= {row[0]: np.frombuffer(row[1], np.float32) for row in rows}
        return found

    def vectors_of(self, document_ids: Collection[int]) -> Iterator[tuple[int, list[str], Vectors]]:
        """Yield each document's number, chunk ids in reading order and vectors (n, dimension)."""
        query = (
            select(chunks.c.document_id, chunks.c.id, chunks.c.vector)
            .where(chunks.c.document_id.in_(document_ids))
            .order_by(chunks.c.document_id, chunks.c.ordinal)
        )
        with self._engine.connect() as db:
            for document_id, rows in groupby(db.execute(query), key=lambda row: row.document_id):
                ids, blobs = zip(*((row.id, row.vector) for row in rows), strict=True)
                stacked = np.frombuffer(b"".join(blobs), np.float32)
                yield document_id, list(ids), stacked.reshape(len(ids), -1)

    def live_ids(self) -> set[str]:
        """Return the ids of all chunks that a search may return."""
        query = select(chunks.c.id).join(documents).where(documents.c.status == "ready")
        with self._engine.connect() as db:
            return set(db.scalars(query))

    def ids_of(self, document_ids: Sequence[int]) -> set[str]:
        """Return the chunk ids of documents, live or not."""
        found: set[str] = set()
        with self._engine.connect() as db:
            for part in _parts(document_ids):  # SQLite takes so many values in one statement only
                query = select(chunks.c.id).where(chunks.c.document_id.in_(part))
                found.update(db.scalars(query))
        return found

    def live_chunks(self, at_once: int = AT_ONCE) -> Iterator[tuple[list[Chunk], Vectors]]:
        """Yield all live chunks with their vectors, in a stable order, ``at_once`` at a time."""
        query = (
            _chunk_query(chunks.c.vector)
            .where(documents.c.status == "ready")
            .order_by(chunks.c.document_id, chunks.c.ordinal)
        )
        with self._engine.connect() as db:
            for rows in db.execution_options(yield_per=at_once).execute(query).partitions():
                vectors = np.stack([np.frombuffer(row.vector, np.float32) for row in rows])
                yield [_chunk(row) for row in rows], vectors


def rows_of(
    document_id: int, first: int, made: Sequence[Chunk], vectors: Vectors
) -> list[dict[str, Any]]:
    """Return the rows of the table for chunks with their vectors (len(made), dimension)."""
    return [
        {
            "document_id": document_id,
            "ordinal": first + i,
            "id": chunk.id,
            "start": chunk.start,
            "end": chunk.end,
            "page": chunk.page,
            "heading": list(chunk.heading),
            "text": chunk.text,
            "context": chunk.context,
            "vector": vectors[i].astype(np.float32).tobytes(),
        }
        for i, chunk in enumerate(made)
    ]


def _chunk_query(*more: Any) -> Select[Any]:
    columns = [c for c in chunks.c if c.name not in ("vector", "ordinal", "document_id")]
    return select(*columns, documents.c.name.label("document"), *more).select_from(
        chunks.join(documents)
    )


_FETCH = _chunk_query(documents.c.status)
_VECTORS = select(chunks.c.id, chunks.c.vector)
_AMONG = chunks.c.id == any_(bindparam("ids", type_=ARRAY(String)))


def _rows(db: Connection, query: Select[Any], ids: Sequence[str]) -> Sequence[Any]:
    """Return the rows of a query whose chunks have these ids.

    Every question reads its chunks so. As statements that SQLAlchemy builds for SQLite they take
    twice as long. If the status were in the condition, SQLite would begin with all documents that
    are ready.
    """
    if is_postgres(db):
        return db.execute(query.where(_AMONG), {"ids": list(ids)}).fetchall()
    marks = f" WHERE chunks.id IN ({','.join('?' * len(ids))})"
    return db.exec_driver_sql(_for_sqlite(query) + marks, tuple(ids)).fetchall()


@cache
def _for_sqlite(query: Select[Any]) -> str:
    return str(query.compile(dialect=sqlite.dialect()))


def _chunk(row: Sequence[Any]) -> Chunk:
    """Make a chunk of a row of `_chunk_query`, whose heading is JSON still if it is raw."""
    key, start, end, page, heading, text, context, document = row[:8]
    path = _path(heading) if isinstance(heading, str) else tuple(heading)
    return Chunk(key, document, start, end, text, page, path, context)


@lru_cache(maxsize=10_000)
def _path(heading: str) -> tuple[str, ...]:
    """Read a heading path; neighbouring chunks share theirs."""
    return tuple(json.loads(heading))


def _parts(ids: Sequence[Id]) -> Iterator[Sequence[Id]]:
    for i in range(0, len(ids), AT_ONCE):
        yield ids[i : i + AT_ONCE]
