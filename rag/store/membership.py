"""Which documents are in which collection: rows that are written with those of the documents.

Every document is in a collection at least: in the default one if nobody chose another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from sqlalchemy import Connection, delete, select

from rag.errors import DocumentError
from rag.store.schema import document_collections as table
from rag.store.schema import documents
from rag.store.statements import insert_or_keep, serialise

DEFAULT_ID = 1
MayName = Callable[[frozenset[int], frozenset[str]], bool]
"""Whether a document may be added under a name: asked with the collections of the documents that
have it, and with the e-mails that these were attached to (empty if there is no such document)."""


def name_in_use(name: str) -> DocumentError:
    """Return the error of a name that a document has that its sender may not replace."""
    return DocumentError(f"the name {name!r} is in use in the library; give the file another name")


def put(db: Connection, names: Iterable[str], collection_id: int) -> None:
    """Put documents into a collection; those that are in it already stay."""
    rows = [{"collection_id": collection_id, "document": name} for name in names]
    if rows:
        insert_or_keep(db, table, rows)


def reserve(db: Connection, name: str, may_name: MayName) -> None:
    """Keep a name for the transaction that adds a document; raises `DocumentError` if it may not.

    Whoever adds or forgets a document of this name waits for the transaction's end.
    """
    serialise(db, f"document {name}")
    alive = documents.c.name == name, documents.c.status != "removed"
    parents = frozenset(db.scalars(select(documents.c.parent).where(*alive)))
    if not may_name(frozenset(_of(db, name)), parents):
        raise name_in_use(name)


def enrol(db: Connection, name: str, collection_id: int | None, parent: str = "") -> None:
    """Put a document that is added into a collection.

    Without one it stays in those of its former version. A new one shares those of its ``parent``,
    or goes to the default one if it has none. Raises `DocumentError` if the parent was removed.
    """
    serialise(db, f"document {name}")  # see `forget`
    if collection_id is not None:
        put(db, [name], collection_id)
        return
    if _of(db, name):
        return
    keys = _of(db, parent) if parent else [DEFAULT_ID]
    if not keys:
        raise DocumentError("the e-mail that it is attached to was removed")
    for key in keys:
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
