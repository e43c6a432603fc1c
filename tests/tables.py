"""The tables of an empty library, made by the migrations once and then copied.

Alembic takes a quarter of a second for them, and most tests begin with a new library.
"""

from functools import cache

from sqlalchemy import Connection, create_engine, inspect

from rag.store import migrate

by_steps = migrate._upgrade


def copied(db: Connection) -> None:
    """Make the tables of an empty file of SQLite; whatever else it is takes the steps."""
    if db.dialect.name != "sqlite" or inspect(db).get_table_names():
        by_steps(db)
        return
    for statement in _statements():
        db.exec_driver_sql(statement)


@cache
def _statements() -> tuple[str, ...]:
    engine = create_engine("sqlite://", isolation_level="AUTOCOMMIT")
    with engine.connect() as db:
        by_steps(db)
        made = tuple(db.connection.driver_connection.iterdump())
    engine.dispose()
    return tuple(line for line in made if line not in ("BEGIN TRANSACTION;", "COMMIT;"))
