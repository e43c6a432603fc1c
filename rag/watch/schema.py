"""The question log's table, in the catalogue's own SQLite file, and what keeps it in step.

Two triggers, so that conversations need not know of the log: a thumb on an answer is kept here
too, and where a conversation is deleted its questions lose their words and the way to their
traces; what is left are figures that say nothing about anybody.
"""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Engine, Float, Integer, MetaData, String, Table, Text
from sqlalchemy import text as sql

from rag.chat import schema as chat

metadata = MetaData()

question_log = Table(
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
    sqlite_autoincrement=True,
)

_TRIGGERS = (
    """
    CREATE TRIGGER IF NOT EXISTS question_log_liked AFTER UPDATE OF liked ON turns
    BEGIN UPDATE question_log SET liked = NEW.liked WHERE turn = NEW.id; END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS question_log_deleted AFTER DELETE ON turns
    BEGIN UPDATE question_log SET turn = NULL, question = '' WHERE turn = OLD.id; END
    """,
)


def create(engine: Engine) -> None:
    """Create what is missing of the log, and of the conversations that it follows."""
    chat.metadata.create_all(engine)
    metadata.create_all(engine)
    with engine.begin() as db:
        for trigger in _TRIGGERS:
            db.execute(sql(trigger))
