"""Vectors in pgvector: compared one and all in small scopes, by an HNSW graph in large ones.

The catalogue keeps every vector, so these are derived. A statement that filters is planned anew
each time: a generic plan ruins the recall of a filtered search.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import Connection, Engine, text

from rag.errors import LibraryError

Vectors = NDArray[np.float32]
Scored = list[tuple[str, float]]

COMPARED = 10_000  # chunks in scope up to which all are compared
EF_SEARCH, MOST_EF_SEARCH = 200, 1000
MOST_TUPLES = 100_000  # that a filtered search looks at
LEAST_VERSION = (0, 8, 2)
LARGEST_DIMENSION = 2000  # of what pgvector indexes

_SETTINGS = text(
    "SELECT set_config('hnsw.ef_search', :width, true),"
    " set_config('hnsw.iterative_scan', 'relaxed_order', true),"
    " set_config('hnsw.max_scan_tuples', :tuples, true),"
    " set_config('plan_cache_mode', 'force_custom_plan', true)"
)
_BY_GRAPH = (
    "SELECT id, embedding <=> CAST(:vector AS vector) AS distance FROM embeddings"
    " {where} ORDER BY embedding <=> CAST(:vector AS vector) LIMIT :k"
)
# OFFSET 0 keeps the planner from using the graph here.
_COMPARED = (
    "SELECT id, distance FROM (SELECT id, document_id, ordinal,"
    " embedding <=> CAST(:vector AS vector) AS distance FROM embeddings {where} OFFSET 0) AS near"
    " ORDER BY distance, document_id, ordinal LIMIT :k"
)
_INSERT = text(
    "INSERT INTO embeddings (document_id, ordinal, id, embedding)"
    " SELECT :document, :first + n - 1, id, CAST(embedding AS vector)"
    " FROM unnest(CAST(:ids AS text[]), CAST(:embeddings AS text[]))"
    " WITH ORDINALITY AS given(id, embedding, n)"
)


def prepare(db: Connection, dimension: int) -> None:
    """Give the table vectors of this dimension and its graph.

    Raises `LibraryError` if pgvector is too old.
    """
    found = db.scalar(text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")) or "0"
    if tuple(int(part) for part in found.split(".")) < LEAST_VERSION:
        least = ".".join(map(str, LEAST_VERSION))
        raise LibraryError(
            f"the database has pgvector {found}, and {least} or newer is needed: update it on the "
            "server, then run ALTER EXTENSION vector UPDATE in this database"
        )
    if _dimension(db) == dimension:
        return
    db.execute(text("DROP INDEX IF EXISTS embeddings_near"))
    db.execute(text("TRUNCATE embeddings"))
    db.execute(text(f"ALTER TABLE embeddings ALTER embedding TYPE vector({dimension:d})"))
    if dimension <= LARGEST_DIMENSION:
        make_graph(db)


def make_graph(db: Connection) -> None:
    """Make the graph of the vectors, which later ones are added to."""
    graph = "USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 200)"
    db.execute(text(f"CREATE INDEX embeddings_near ON embeddings {graph}"))


def _dimension(db: Connection) -> int:
    query = (
        "SELECT atttypmod FROM pg_attribute"
        " WHERE attrelid = 'embeddings'::regclass AND attname = 'embedding'"
    )
    return int(db.scalar(text(query)) or 0)


def insert(
    db: Connection, document_id: int, first: int, ids: Sequence[str], vectors: Vectors
) -> None:
    """Insert the vectors (len(ids), dimension) of a document's chunks, numbered from ``first``."""
    given = {"ids": list(ids), "embeddings": [written(row) for row in vectors]}
    db.execute(_INSERT, {"document": document_id, "first": first, **given})


def written(vector: Vectors) -> str:
    """Return a vector as pgvector reads it."""
    return f"[{','.join(map(repr, vector.tolist()))}]"


class PostgresVectors:
    """Finds the nearest chunks by cosine. Safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._plain = engine.execution_options(isolation_level="AUTOCOMMIT")

    def compare(self, vector: Vectors, k: int, documents: Sequence[int] | None = None) -> Scored:
        """Return the ``k`` nearest by every vector, of all documents or these, best first.

        Ties stand in the order of documents and of reading.
        """
        if k < 1:
            return []
        with self._plain.connect() as db:
            return _found(db, _COMPARED, vector, k, documents)

    def near(self, vector: Vectors, k: int, documents: Sequence[int] | None = None) -> Scored:
        """Return the ``k`` nearest by the graph, of all documents or of these, best first."""
        if k < 1:
            return []
        width = str(min(max(EF_SEARCH, k), MOST_EF_SEARCH))
        with self._engine.begin() as db:
            db.execute(_SETTINGS, {"width": width, "tuples": str(MOST_TUPLES)})
            found = _found(db, _BY_GRAPH, vector, k, documents)
        return sorted(found, key=lambda pair: -pair[1])


def _found(
    db: Connection, query: str, vector: Vectors, k: int, documents: Sequence[int] | None
) -> Scored:
    given = {"vector": written(vector), "k": k}
    where = ""
    if documents is not None:
        where = "WHERE document_id = ANY(CAST(:documents AS integer[]))"
        given["documents"] = list(documents)
    rows = db.execute(text(query.format(where=where)), given)
    return [(row.id, 1.0 - row.distance) for row in rows]
