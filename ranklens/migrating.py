"""Copy a library's database into another one: from its folder to PostgreSQL, and back.

Files go first, one by one (`ranklens.migrating_files`), then all rows in one transaction: a copy
that is interrupted has no library in it yet, is started again, and goes on with the files. Vectors
and the BM25 index are derived: the next open makes them again from the rows, without encoding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, Table, func, insert, select

from rag.errors import LibraryError
from rag.settings import Settings
from rag.store import database
from rag.store.catalogue import Catalogue
from rag.store.database import is_postgres, take_time
from rag.store.owner import Owner
from rag.store.private import make_private
from ranklens.migrating_files import copy_files
from ranklens.tables import metadata

AT_ONCE = 500  # rows
_FILE = "catalogue.sqlite"
_KEPT_ELSEWHERE = frozenset({"stored_files", "stored_pieces", "shared_facts"})  # `copy_files`
OnCopied = Callable[[str, int, int], None]
"""Called with (table, how many rows are copied, how many in all)."""


def migrate(source: Path | str, target: Path | str, on_copied: OnCopied | None = None) -> int:
    """Copy all tables into a database that has no documents; return how many rows were copied.

    Nobody else may be writing into either. The rows of both are compared before anything is kept.
    Raises `LibraryError` if the target is not empty or a copy differs.
    """
    old = Catalogue(source)
    try:
        new = Catalogue(target)
        try:
            return _copy(old.engine, new.engine, database.describe(target), on_copied)
        finally:
            new.close()
    finally:
        old.close()


def migrate_library(settings: Settings, to: str, on_copied: OnCopied | None = None) -> int:
    """Copy the library of these settings to an address of PostgreSQL, or back into a folder.

    Returns how many rows were copied. Files are copied too, into the bucket of ``files_url`` if it
    is set. A folder that a program has open is refused (`LibraryInUse`).
    """
    address = settings.database_url.get_secret_value()
    folder = Path(to) if address else settings.library
    source, target = (address, folder / _FILE) if address else (folder / _FILE, to)
    if isinstance(source, Path) and not source.is_file():
        raise LibraryError(f"there is no library in {folder}; --library DIR names another folder")
    here = settings.updated(database_url="", library=folder)
    there = settings.updated(database_url=address or to)
    if not address:  # its hosts do not have this folder, so all that is in it is copied
        there = there.updated(library=folder / "nothing")
    owner = Owner(folder)
    try:
        _prepare(target)
        if address:
            copy_files(there, here.updated(files_url=""), on_copied)
        else:
            copy_files(here, there, on_copied)
        return migrate(source, target, on_copied)
    finally:
        make_private(folder)
        owner.release()


def _prepare(target: Path | str) -> None:
    """Make the tables; raises `LibraryError` if there is a library in them."""
    catalogue = Catalogue(target)
    try:
        with catalogue.engine.connect() as db:
            _require_empty(db, database.describe(target))
    finally:
        catalogue.close()


def _copy(old: Engine, new: Engine, where: str, on_copied: OnCopied | None) -> int:
    tables = [one for one in metadata.sorted_tables if one.name not in _KEPT_ELSEWHERE]
    with old.connect() as reader, new.begin() as writer:
        if is_postgres(writer):
            take_time(writer)
        _require_empty(writer, where)
        sizes = {table.name: _count(reader, table) for table in tables}
        total, done = sum(sizes.values()), 0
        for table in reversed(tables):  # what the steps put there
            writer.execute(table.delete())
        for table in tables:
            for rows in _rows(reader, table):
                writer.execute(insert(table), rows)
                done += len(rows)
                if on_copied:
                    on_copied(table.name, done, total)
            if _digest(reader, table) != _digest(writer, table):
                raise LibraryError(
                    f"the copy of the table {table.name} differs from the original; nothing was "
                    "kept. Stop what writes into the library, and try again"
                )
            _count_on(writer, table)
    return done


def _require_empty(db: Connection, where: str) -> None:
    if _count(db, metadata.tables["documents"]) or _count(db, metadata.tables["turns"]):
        raise LibraryError(f"{where} holds a library already; name an empty database")


def _count(db: Connection, table: Table) -> int:
    return int(db.scalar(select(func.count()).select_from(table)) or 0)


def _rows(db: Connection, table: Table) -> Iterator[list[dict[str, Any]]]:
    query = select(table).order_by(*table.primary_key)
    found = db.execute(query, execution_options={"yield_per": AT_ONCE})
    for part in found.mappings().partitions():
        yield [dict(row) for row in part]


def _digest(db: Connection, table: Table) -> tuple[int, int]:
    """Return the number of rows and a sum of their digests, in whatever order they come."""
    count = total = 0
    for rows in _rows(db, table):
        for row in rows:
            digest = hashlib.blake2b(repr([*row.values()]).encode("utf-8", "replace"))
            total = (total + int.from_bytes(digest.digest()[:16])) % 2**128
            count += 1
    return count, total


def _count_on(db: Connection, table: Table) -> None:
    """Let PostgreSQL's numbers go on after those that were copied."""
    number = table.autoincrement_column
    if number is None or not is_postgres(db):
        return
    name = f"{table.name}_{number.name}_seq"
    if db.scalar(select(func.to_regclass(name))) is not None:
        last = select(func.coalesce(func.max(number), 0) + 1).scalar_subquery()
        db.execute(select(func.setval(name, last, False)))
