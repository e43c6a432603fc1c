"""Statements that SQLite and PostgreSQL write differently, or need one of them only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, Text, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from rag.store.database import is_postgres

Rows = Sequence[dict[str, Any]]


def insert_or_keep(db: Connection, table: Table, rows: Rows) -> None:
    """Insert rows, and leave those as they are that are there already."""
    db.execute(_insert(db, table).on_conflict_do_nothing(), rows)


def insert_or_replace(db: Connection, table: Table, rows: Rows, key: Sequence[str]) -> None:
    """Insert rows in place of those of the same ``key``; only a column ``id`` keeps its value."""
    statement = _insert(db, table)
    others = (name for name in table.c.keys() if name not in (*key, "id"))  # noqa: SIM118
    values = {name: statement.excluded[name] for name in others}
    db.execute(statement.on_conflict_do_update(index_elements=key, set_=values), rows)


def _insert(db: Connection, table: Table) -> Any:
    return (postgresql if is_postgres(db) else sqlite).insert(table)


def serialise(db: Connection, *names: str) -> None:
    """Wait until no other transaction has named the same, and hold the names until the end.

    For what is decided on what was read. Nothing is done on SQLite: there a transaction that has
    written holds the one write lock.
    """
    if is_postgres(db):
        for name in sorted(set(names)):
            db.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


def json_text(column: ColumnElement[str], *path: str) -> ColumnElement[str]:
    """Return the text at a path of keys in a column that holds JSON as text."""
    return _JsonText(column, *map(literal, path))


class _JsonText(GenericFunction[str]):
    type = Text()
    inherit_cache = True
    name = "json_text"


@compiles(_JsonText, "sqlite")
def _for_sqlite(element: _JsonText, compiler: Any, **options: Any) -> str:
    column, *keys = (compiler.process(part, **options) for part in element.clauses)
    path = " || '.' || ".join(("'$'", *keys))
    return f"json_extract({column}, {path})"


@compiles(_JsonText, "postgresql")
def _for_postgres(element: _JsonText, compiler: Any, **options: Any) -> str:
    column, *keys = (compiler.process(part, **options) for part in element.clauses)
    # PostgreSQL reads no JSON that has a NUL in it, and would refuse the whole query.
    return (
        f"CASE WHEN position('\\u0000' IN {column}) = 0 "
        f"THEN json_extract_path_text(CAST({column} AS JSON), {', '.join(keys)}) END"
    )
