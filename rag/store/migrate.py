"""Bring a library's tables to the present version, once, when it opens.

Nothing else makes or changes a table. The steps are the files of ``migrations/versions``, run by
Alembic, which is imported only if there is something to do (it takes 0.2 s). All of them run in one
transaction: a process that is killed half-way leaves the library as it was.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, inspect

from rag.errors import LibraryError
from rag.store.database import take_time
from rag.store.statements import serialise

VERSION = "0024"
"""The newest step of ``migrations/versions``."""

_FIRST = "1"  # what `meta` holds under "version", since before there were migrations
_STEPS = Path(__file__).parent / "migrations"
_migrating = threading.Lock()  # Alembic's context is one a process


def bring_up_to_date(engine: Engine, where: Path | str) -> None:
    """Make or migrate the tables of the library at ``where``.

    Raises `LibraryError` if a newer Ranklens made them, and SQLAlchemy's errors if the file is no
    database or cannot be written.
    """
    with engine.connect() as db:
        version = _version(db, where)
    if version != VERSION:
        with _migrating, _one_transaction(engine) as db:
            if _version(db, where) != VERSION:
                _upgrade(db)


def _version(db: Connection, where: Path | str) -> str:
    """Return the version of the tables, "" if they are older than migrations or not there."""
    tables = inspect(db).get_table_names()
    if "alembic_version" in tables:
        version = db.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or ""
        if version > VERSION:
            raise LibraryError(
                f"{where} was made by a newer version of Ranklens (its tables have version "
                f"{version}, this program knows {VERSION} and older); update Ranklens, or choose "
                "another folder with --library"
            )
        return str(version)
    if "meta" in tables:
        found = db.exec_driver_sql("SELECT value FROM meta WHERE key = 'version'").scalar()
        if found is not None and found.strip('"') != _FIRST:
            raise LibraryError(f"{where} was made by another version of Ranklens ({found})")
    return ""


@contextmanager
def _one_transaction(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that covers changes of tables too, one at a time over all processes.

    On SQLite it holds the write lock. Python's driver would open one only before changes of rows,
    so it is switched to autocommit and the statements are given here.
    """
    if engine.dialect.name != "sqlite":
        with engine.begin() as db:
            take_time(db)
            serialise(db, "migrate")  # several hosts start at once
            yield db
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("BEGIN IMMEDIATE")
        try:
            yield db
        except BaseException:
            db.exec_driver_sql("ROLLBACK")
            raise
        db.exec_driver_sql("COMMIT")


def _upgrade(db: Connection) -> None:
    from alembic import command
    from alembic.config import Config

    config = Config(attributes={"connection": db})
    config.set_main_option("script_location", str(_STEPS).replace("%", "%%"))
    command.upgrade(config, "head")
