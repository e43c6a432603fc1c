"""The tables that PostgreSQL has besides the catalogue's: what is derived, and its version.

They have a `MetaData` of their own, since SQLite has none of them; a migration makes them.
``embeddings`` is used by statements of `vectors` only, for its type is pgvector's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Engine,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    select,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from rag.store.database import take_time

derived = MetaData()

# One row. A trigger adds to it at the end of each transaction that changed what can be searched.
store_version = Table(
    "store_version",
    derived,
    Column("version", BigInteger, nullable=False),
)

# Postings of consecutive chunks. ``place``: their order; ``documents`` and ``counts``: whose rows
# they are, one after the other.
bm25_blocks = Table(
    "bm25_blocks",
    derived,
    Column("id", BigInteger, primary_key=True),
    Column("place", BigInteger, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("documents", ARRAY(Integer), nullable=False),
    Column("counts", ARRAY(Integer), nullable=False),
    Column("data", LargeBinary, nullable=False),
)

MERGING, OPENING = 7_210_001, 7_210_002
"""Keys of advisory locks."""


_LOCK_CHUNKS = text("LOCK TABLE chunks, embeddings, bm25_blocks IN SHARE ROW EXCLUSIVE MODE")


def lock_chunks(db: Connection) -> None:
    """Let nobody else write chunks and what is derived of them until the transaction ends.

    All transactions lock in one order, so that none waits for another in a circle: the row `meta`
    of the index, rows of ``documents``, ``chunks``, ``embeddings`` (by its foreign key), ``tokens``
    (likewise), ``bm25_blocks``, and last the store's version. Reading waits for none of it.
    """
    db.execute(_LOCK_CHUNKS)


def patient(db: Connection) -> None:
    """Let this transaction take its time, but not hold its locks when its process is cut off."""
    take_time(db)
    db.execute(text("SELECT set_config('idle_in_transaction_session_timeout', '60s', true)"))


_pinned: ContextVar[tuple[Engine, int] | None] = ContextVar("pinned version", default=None)


@contextmanager
def one_version(engine: Engine) -> Iterator[None]:
    """Ask for the version once; until this ends, `version_of` answers that in this context."""
    before = _pinned.set((engine, version_of(engine)))
    try:
        yield
    finally:
        _pinned.reset(before)


def version_of(engine: Engine) -> int:
    """Return the version of what can be searched, or that of `one_version`."""
    pinned = _pinned.get()
    if pinned and pinned[0] is engine:
        return pinned[1]
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        return read_version(db)


def read_version(db: Connection) -> int:
    """Return the version that a transaction sees."""
    return int(db.execute(select(store_version.c.version)).scalar_one())
