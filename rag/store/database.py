"""The library's database: SQLite in its folder, or PostgreSQL behind an address.

`open_database` makes the one engine that all tables are used by. What the two dialects do not have
in common is here (upkeep) and in `rag.store.statements`.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from sqlalchemy import (
    Connection,
    Engine,
    ExceptionContext,
    NullPool,
    create_engine,
    event,
    make_url,
    text,
)
from sqlalchemy.engine import URL
from sqlalchemy.exc import ArgumentError

from rag.errors import DatabaseUnavailable, LibraryError, NotThere, StorageError
from rag.store.room import storage_error

BUSY_SECONDS = 30
STATEMENT_SECONDS = 120
CONNECTIONS, MORE_CONNECTIONS = 10, 20  # of a process: kept open, and beyond them at times
_SCHEMES = ("postgresql", "postgres", "postgresql+psycopg")
_OPTIONS = (
    f"-c statement_timeout={STATEMENT_SECONDS}s -c lock_timeout={BUSY_SECONDS}s "
    "-c idle_in_transaction_session_timeout=600s"
)
_FULL = (
    "the disk of the database server is full; make room there, and try again: what was being "
    "indexed goes on by itself"
)
_READ_ONLY = (
    "the database takes no changes now (it is read-only, or a standby); try again, or set "
    "database_url to the primary"
)
_AWAY = (
    "the database at {where} cannot be reached or ended the connection; check that it runs and "
    "that database_url is right, and try again"
)
_engines: WeakValueDictionary[str, Engine] = WeakValueDictionary()
# SQLSTATE, or its class, to words.
_STATES = {"53100": _FULL, "25006": _READ_ONLY}
_OUT_OF_RANGE = "22003"
_AWAY_STATES = ("08", "57P", "53300", "28", "3D")


def open_database(where: Path | str) -> Engine:
    """Return the engine of a library's database: a file of SQLite, or PostgreSQL by its URL.

    It connects when it is first used. Raises `LibraryError` if the URL is none of PostgreSQL, or
    its driver is not installed; later, at use, `StorageError` for a full or read-only disk and
    `DatabaseUnavailable` for a server that cannot be reached.
    """
    if isinstance(where, Path):
        engine = create_engine(f"sqlite:///{where}", connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _tune)
        event.listen(engine, "handle_error", _explain_disk)
        return engine
    url = _postgres(where)
    try:
        from rag.store.driver import connect

        engine = create_engine(
            url,
            pool_size=CONNECTIONS,
            max_overflow=MORE_CONNECTIONS,
            pool_pre_ping=True,
            pool_use_lifo=True,
            connect_args={
                "application_name": url.query.get("application_name", "ranklens"),
                "options": _OPTIONS,
            },
        )
    except ModuleNotFoundError:
        raise LibraryError(
            "database_url needs the driver of PostgreSQL: pip install 'ranklens[postgres]'"
        ) from None
    event.listen(engine, "do_connect", connect)
    event.listen(engine, "checkin", _hurry)
    event.listen(engine, "handle_error", _explain_server)
    _engines[where] = engine
    return engine


def engine_of(address: str) -> Engine:
    """Return the engine that this process has for an address, a new one if it has none.

    For what knows the settings of a library only; so it shares the library's connections.
    """
    open_one = _engines.get(address)
    return open_one or create_engine(_postgres(address), poolclass=NullPool)


def close(engine: Engine) -> None:
    """Close every connection of an engine."""
    for address in [known for known, one in _engines.items() if one is engine]:
        del _engines[address]
    engine.dispose()


def take_time(db: Connection, session: bool = False) -> None:
    """Let a transaction of PostgreSQL take as long as its statements and locks do.

    Or a ``session`` without one: do not give its connection back to the pool, `invalidate` it.
    """
    limits = "set_config('statement_timeout', '0', :local), set_config('lock_timeout', '0', :local)"
    db.execute(text(f"SELECT {limits}"), {"local": not session})
    driver: Any = db.connection.driver_connection
    driver.waits = True


def _hurry(driver: Any, _record: Any) -> None:
    if driver is not None:
        driver.waits = False


def describe(where: Path | str) -> str:
    """Return a file's path, or an address as server and database, without name and password."""
    if isinstance(where, Path):
        return str(where)
    return _shown(_postgres(where))


def _postgres(address: str) -> URL:
    with suppress(ArgumentError, ValueError):
        url = _with_hosts(address.strip())
        if url.drivername in _SCHEMES:
            return url.set(drivername="postgresql+psycopg")
    raise LibraryError(
        "database_url is not the address of a PostgreSQL database; it looks like "
        "postgresql://USER:PASSWORD@HOST:5432/DATABASE"
    )


def _with_hosts(address: str) -> URL:
    """Read an address, of several hosts too: ``postgresql://USER@HOST:PORT,HOST:PORT/NAME``."""
    scheme, _, rest = address.partition("://")
    server, slash, path = rest.partition("/")
    user, at, hosts = server.rpartition("@")
    if "," not in hosts:
        return make_url(address)
    return make_url(f"{scheme}://{user}{at}{slash}{path}").update_query_dict(
        {"host": [host if ":" in host else f"{host}:5432" for host in hosts.split(",")]}
    )


def is_postgres(db: Engine | Connection) -> bool:
    """Return whether it is PostgreSQL, which several processes use at once."""
    return db.dialect.name == "postgresql"


# Upkeep


def compact(engine: Engine) -> None:
    """Write SQLite's file anew, without what it still holds of deleted rows.

    PostgreSQL does so by itself (autovacuum).
    """
    if is_postgres(engine):
        return
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as db:
        db.exec_driver_sql("VACUUM")


def empty_journal(engine: Engine) -> None:
    """Write SQLite's journal back and cut it to nothing, unless somebody reads for long."""
    if is_postgres(engine):
        return
    with engine.connect() as db:
        db.exec_driver_sql("PRAGMA busy_timeout = 2000")
        db.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.exec_driver_sql(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")


def problem(engine: Engine) -> str:
    """Return what the database's own check of its file finds, or an empty string.

    PostgreSQL checks its pages itself (checksums); here it is asked only whether it answers.
    """
    with engine.connect() as db:
        if is_postgres(engine):
            db.exec_driver_sql("SELECT 1")
            return ""
        found = db.exec_driver_sql("PRAGMA quick_check").scalar()
    return "" if found == "ok" else str(found)


def _tune(connection: Any, _record: Any) -> None:
    # WAL: readers never wait for the writer, and a killed process leaves a database that opens.
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute("PRAGMA foreign_keys=ON")
    # What is deleted is overwritten: removed text must not stay in free pages.
    connection.execute("PRAGMA secure_delete=ON")


def _explain_disk(context: ExceptionContext) -> None:
    """Raise a full or read-only disk as what it is, to every user of the engine."""
    if error := storage_error(context.original_exception):
        raise error from context.original_exception


def _explain_server(context: ExceptionContext) -> None:
    """Raise a full, read-only or absent server as what it is; details may hold an address."""
    error = context.original_exception
    state = str(getattr(error, "sqlstate", None) or "")
    if state in _STATES:
        raise StorageError(_STATES[state]) from error
    if _names_nothing(context, error, state):
        raise NotThere("the library has nothing of that name or number") from None
    away = context.is_disconnect or state.startswith(_AWAY_STATES)
    unopened = context.connection is None and not state and _is_operational(error)
    if (away or unopened) and not context.is_pre_ping:
        where = _shown(context.engine.url) if context.engine else "database_url"
        raise DatabaseUnavailable(_AWAY.format(where=where)) from None


def _names_nothing(context: ExceptionContext, error: BaseException, state: str) -> bool:
    """Return whether what was looked for cannot be in any row: a number beyond, a name with NUL."""
    looks = not (context.statement or "INSERT").startswith(("INSERT", "UPDATE"))
    has_nul = type(error).__name__ == "DataError" and "NUL (0x00)" in str(error)
    return looks and (state == _OUT_OF_RANGE or has_nul)


def _is_operational(error: BaseException) -> bool:
    return type(error).__name__ in ("OperationalError", "ConnectionTimeout", "ConnectionFailure")


def _shown(url: URL) -> str:
    named = url.query.get("host", ())
    hosts = [named] if isinstance(named, str) else named
    shown = ",".join(hosts) or f"{url.host or 'localhost'}:{url.port or 5432}"
    return f"{shown}/{url.database or ''}"
