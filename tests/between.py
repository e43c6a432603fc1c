"""What somebody else does at the worst moment: just before one statement reaches SQLite."""

from collections.abc import Callable

from sqlalchemy import Engine, event

WRITES = ("INSERT", "UPDATE", "DELETE")


def before(engine: Engine, statement: str | tuple[str, ...], do: Callable[[], object]) -> None:
    """Call ``do`` once, before the first statement from now on that begins so."""
    waiting = [do]

    def heard(_connection, _cursor, sql, *_rest):
        if waiting and sql.lstrip().startswith(statement):
            waiting.pop()()

    event.listen(engine, "before_cursor_execute", heard)
