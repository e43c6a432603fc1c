"""Which documents are in which collection: rows that are written with those of the documents.

Every document is in a collection at least: in the default one if nobody chose another.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import Connection, delete, select

from rag.store.schema import document_collections as table
from rag.store.schema import documents
from rag.store.statements import insert_or_keep, serialise

DEFAULT_ID = 1


def put(db: Connection, names: Iterable[str], collection_id: int) -> None:
    """Put documents into a collection; those that are in it already stay."""
    rows = [{"collection_id": collection_id, "document": name} for name in names]
    if rows:
        insert_or_keep(db, table, rows)


def enrol(db: Connection, name: str, collection_id: int | None, parent: str = "") -> None:
    """Put a document that is added into a collection.

    Without one it stays in those of its former version. A new one shares those of its ``parent``,
    or goes to the default one.
    """
    serialise(db, f"document {name}")  # see `forget`
    if collection_id is not None:
        put(db, [name], collection_id)
        return
    if _of(db, name):
        return
    for key in (_of(db, parent) if parent else []) or [DEFAULT_ID]:
        put(db, [name], key)


def _of(db: Connection, name: str) -> list[int]:
    return list(db.scalars(select(table.c.collection_id).where(table.c.document == name)))


def forget(db: Connection, name: str) -> None:
    """Forget where a document was, unless another version of it is in the library."""
    # Another process may be adding a version of it, and rely on its membership.
    serialise(db, f"document {name}")
    there = select(documents.c.id).where(documents.c.name == name, documents.c.status != "removed")
    if db.scalar(there.limit(1)) is None:
        db.execute(delete(table).where(table.c.document == name))
