"""Files as rows of the library's database, their bytes in pieces.

A file that is put again gets a new number, so who reads the old one finds that its pieces are gone
and begins anew: nobody reads half of each.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Engine,
    Float,
    ForeignKey,
    Integer,
    LargeBinary,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from rag.errors import DocumentError
from rag.store.files.protocol import PIECE, StoredFile, checked, damaged, missing
from rag.store.schema import LARGE, metadata
from rag.store.statements import serialise

TRIES = 5  # of a file that is replaced while it is read

stored_files = Table(
    "stored_files",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("size", LARGE, nullable=False),
    Column("digest", String, nullable=False),
    Column("changed", Float, nullable=False),
    sqlite_autoincrement=True,
)
stored_pieces = Table(
    "stored_pieces",
    metadata,
    Column("file_id", ForeignKey("stored_files.id", ondelete="CASCADE"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
_KEY = stored_files.c.key
_STAT = (_KEY, stored_files.c.size, stored_files.c.changed)


class RowFiles:
    """`Files` in a database. Safe to use from several threads and processes."""

    def __init__(self, engine: Engine, limit_mb: int) -> None:
        self._engine, self._limit_mb = engine, limit_mb
        self.where = "the library's database"

    def put(self, key: str, source: Path, *, give: bool = False) -> None:
        """Keep the bytes of a file under a key, in one transaction."""
        this, size = _is(key), source.stat().st_size
        if size > self._limit_mb << 20:
            raise DocumentError(
                f"is {size / 2**20:,.0f} MB, more than the {self._limit_mb} MB that a file in the "
                "database may have (option database_file_mb; files_url keeps files in a bucket)"
            )
        with self._engine.begin() as db:
            serialise(db, f"file {key}")
            db.execute(delete(stored_files).where(this))
            row = {"key": key, "size": 0, "digest": "", "changed": time.time()}
            number = db.scalar(insert(stored_files).values(row).returning(stored_files.c.id)) or 0
            size, digest = _write(db, number, source)
            made = update(stored_files).where(stored_files.c.id == number)
            db.execute(made.values(size=size, digest=digest))

    def fetch(self, key: str, target: BinaryIO) -> None:
        """Write the bytes of a key into an empty file."""
        for _ in range(TRIES):
            with self._engine.connect() as db:
                row = db.execute(select(stored_files).where(_is(key))).one_or_none()
                if row is None:
                    raise missing(key)
                target.seek(0)
                target.truncate()
                if _read(db, row.id, target) == row.digest:
                    return
        raise damaged(key, self.where)

    def place(self, key: str) -> Path | None:
        """Return None: files are not on this machine."""
        checked(key)
        return None

    def stat(self, key: str) -> StoredFile | None:
        """Return what is kept under a key."""
        with self._engine.connect() as db:
            row = db.execute(select(*_STAT).where(_is(key))).one_or_none()
        return StoredFile(*row) if row else None

    def list(self, folder: str) -> Iterator[StoredFile]:
        """Return the files below a folder."""
        below = _KEY.startswith(checked(folder) + "/", autoescape=True)
        with self._engine.connect() as db:
            found = db.execute(select(*_STAT).where(below)).all()
        return (StoredFile(*row) for row in found)

    def delete(self, key: str) -> None:
        """Delete what is kept under a key."""
        with self._engine.begin() as db:
            db.execute(delete(stored_files).where(_is(key)))


def _is(key: str) -> ColumnElement[bool]:
    return stored_files.c.key == checked(key)


def _write(db: Connection, number: int, source: Path) -> tuple[int, str]:
    """Insert a file's pieces; return its size and digest as they were read."""
    digest, size, ordinal = hashlib.sha256(), 0, 0
    with source.open("rb") as reader:
        while piece := reader.read(PIECE):
            row = {"file_id": number, "ordinal": ordinal, "data": piece}
            db.execute(insert(stored_pieces), row)
            digest.update(piece)
            size, ordinal = size + len(piece), ordinal + 1
    return size, digest.hexdigest()


def _read(db: Connection, number: int, target: BinaryIO) -> str:
    """Write a file's pieces one by one; return the digest of what was there."""
    digest, ordinal = hashlib.sha256(), 0
    piece = select(stored_pieces.c.data).where(stored_pieces.c.file_id == number)
    while (data := db.scalar(piece.where(stored_pieces.c.ordinal == ordinal))) is not None:
        target.write(data)
        digest.update(data)
        ordinal += 1
    return digest.hexdigest()
