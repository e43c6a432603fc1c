"""The question log: kept, read, forgotten.

Questions belong to the people who ask them: the log is in the library's own file, leaves this
machine only if they send it, forgets what is older than ``log_days`` and everything on request.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Engine,
    Float,
    Integer,
    Row,
    String,
    Table,
    Text,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
    update,
)

from rag.chat.schema import turns
from rag.store.database import empty_journal
from rag.store.schema import metadata
from rag.watch.entry import LogEntry, StageTime

DAY = 86400.0
HOUR = 3600.0
table = Table(
    "question_log",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("question", Text, nullable=False),
    Column("origin", String, nullable=False),
    Column("asked", Float, nullable=False, index=True),
    Column("digest", String, nullable=False),
    Column("reranker", String, nullable=False),
    Column("pool", Integer),
    Column("ranking", Float, nullable=False),
    Column("stages", JSON, nullable=False),
    Column("first_token", Float),
    Column("answering", Float),
    Column("generator", String, nullable=False),
    Column("refused", Boolean),
    Column("error", Text, nullable=False),
    Column("fell_back", Text, nullable=False),
    Column("pairs", Integer, nullable=False),
    Column("cache_hits", Integer, nullable=False),
    Column("tokens", Integer, nullable=False),
    Column("cost", Float),
    Column("liked", Boolean),
    Column("turn", Integer, index=True),
    Column("collection", Integer),
    sqlite_autoincrement=True,
)

# Triggers on the turns (`rag/store/migrations`) keep a thumb on an answer here too; if a
# conversation is deleted, its questions lose their words and the way to their traces.
_INSERT = insert(table)
_WITHOUT_TURN = (
    update(table)
    .where(
        table.c.turn == bindparam("gone"),
        ~select(turns.c.id).where(turns.c.id == table.c.turn).exists(),
    )
    .values(turn=None, question="")
)


class QuestionLog:
    """The log of one library. Safe to use from several threads."""

    def __init__(self, engine: Engine, days: int) -> None:
        """Open; forget what is older than ``days``."""
        self._engine = engine
        self._days = days
        self._forgotten = 0.0
        self._forget_now_and_then()

    def add(self, entry: LogEntry) -> None:
        """Keep one question; if its conversation is deleted already, without its words."""
        self.add_all([entry])

    def add_all(self, entries: Iterable[LogEntry]) -> None:
        """Keep questions in one transaction."""
        rows = [_row(entry) for entry in entries]
        about = [{"gone": row["turn"]} for row in rows if row["turn"] is not None]
        with self._engine.begin() as db:
            db.execute(_INSERT, rows)
            # Looked for once this transaction holds SQLite's write lock, or on PostgreSQL keeps the
            # turns from being deleted: a conversation that is deleted from here on finds the rows,
            # and takes their words along itself.
            if about:
                its = select(turns.c.id).where(turns.c.id.in_([one["gone"] for one in about]))
                db.execute(its.with_for_update(read=True, key_share=True))
                db.execute(_WITHOUT_TURN, about)
        self._forget_now_and_then()

    def entries(
        self, since: float = 0.0, until: float | None = None, collection: int | None = None
    ) -> list[LogEntry]:
        """Return the questions asked from ``since`` to before ``until``, oldest first.

        Only those that were asked in the collection of that number, if one is named.
        """
        query = select(table).where(table.c.asked >= since).order_by(table.c.asked, table.c.id)
        if collection is not None:
            query = query.where(table.c.collection == collection)
        if until is not None:
            query = query.where(table.c.asked < until)
        with self._engine.connect() as db:
            return [_entry(row) for row in db.execute(query)]

    def questions(self, most: int = 200) -> list[tuple[str, int]]:
        """Return what was asked and how often, the most frequent first, then the newest."""
        count = func.count(table.c.id).label("count")
        query = (
            select(table.c.question, count)
            .where(table.c.question != "")
            .group_by(table.c.question)
            .order_by(count.desc(), func.max(table.c.asked).desc())
            .limit(most)
        )
        with self._engine.connect() as db:
            return [(question, count) for question, count in db.execute(query)]

    def version(self) -> tuple[int | None, ...]:
        """Return what changes with every question that is logged, judged or forgotten."""
        counted = (func.max(table.c.id), func.count(table.c.id), func.count(table.c.turn))
        verdicts = (func.count(table.c.liked), func.sum(cast(table.c.liked, Integer)))
        with self._engine.connect() as db:
            return tuple(db.execute(select(*counted, *verdicts)).one())

    def forget(self, before: float | None = None) -> int:
        """Forget questions asked before a time, all of them without one; returns how many.

        Their bytes are overwritten in the file; with all of them SQLite's journal goes too.
        """
        gone = delete(table) if before is None else delete(table).where(table.c.asked < before)
        with self._engine.begin() as db:
            count = db.execute(gone).rowcount
        if before is None:
            empty_journal(self._engine)
        return count

    def _forget_now_and_then(self) -> None:
        now = time.time()
        if now - self._forgotten > HOUR:
            self._forgotten = now
            self.forget(before=now - self._days * DAY)


def _row(entry: LogEntry) -> dict[str, Any]:
    row = asdict(entry)
    row.pop("id")
    row["stages"] = [[s.name, s.seconds, s.fell_back] for s in entry.stages]
    return row


def _entry(row: Row[Any]) -> LogEntry:
    values = dict(row._mapping)
    values["stages"] = tuple(StageTime(*stage) for stage in values["stages"])
    return LogEntry(**values)
