"""The tables as they were before migrations began.

Libraries of that time have some of them: those of conversations, judgements, votes and the
question log were made when they were first needed.
"""

from __future__ import annotations

from alembic import op
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.schema import CreateIndex, CreateTable

revision = "0001"
down_revision = None

# A copy on purpose: what this step makes stays as it is, while `rag.store.schema` goes on.
metadata = MetaData()

Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", JSON, nullable=False),
)
Table(
    "documents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, index=True),
    Column("media_type", String, nullable=False),
    Column("size", Integer().with_variant(BigInteger(), "postgresql"), nullable=False),
    Column("digest", String, nullable=False, index=True),
    Column("pages", Integer),
    Column("status", String, nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("chunks", Integer, nullable=False),
    Column("text", Text),
    Column("spans", JSON),
    Column("settings", JSON),
    Column("added", Float, nullable=False),
    Column("indexed", Float),
    Column("seconds", Float),
    sqlite_autoincrement=True,
)
Table(
    "word_boxes",
    metadata,
    Column("document_id", ForeignKey("documents.id"), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)
Table(
    "chunks",
    metadata,
    Column("document_id", ForeignKey("documents.id"), primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("id", String, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("page", Integer),
    Column("heading", JSON, nullable=False),
    Column("text", Text, nullable=False),
    Column("vector", LargeBinary, nullable=False),
    Index("chunks_by_id", "id"),
)
Table(
    "tokens",
    metadata,
    Column("document_id", Integer, primary_key=True),
    Column("ordinal", Integer, primary_key=True),
    Column("digest", LargeBinary, nullable=False),
    Column("codes", LargeBinary, nullable=False),
    ForeignKeyConstraint(
        ["document_id", "ordinal"], ["chunks.document_id", "chunks.ordinal"], ondelete="CASCADE"
    ),
    Index("tokens_by_digest", "digest"),
)
Table(
    "conversations",
    metadata,
    Column("id", String, primary_key=True),
    Column("title", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False, index=True),
)
Table(
    "turns",
    metadata,
    Column("id", Integer, primary_key=True),
    Column(
        "conversation",
        ForeignKey("conversations.id", ondelete="CASCADE"),
        nullable=False,
        index=True,
    ),
    Column("place", Integer, nullable=False),
    Column("question", Text, nullable=False),
    Column("trace", Text, nullable=False),
    Column("asked", Float, nullable=False),
    Column("liked", Boolean),
    Column("replaced", Boolean, nullable=False),
    sqlite_autoincrement=True,
)
Table(
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
Table(
    "question_sets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("made", Float, nullable=False),
)
Table(
    "questions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("set_id", ForeignKey("question_sets.id"), nullable=False),
    Column("id", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("kind", String, nullable=False),
    Column("answer", Text, nullable=False),
    UniqueConstraint("set_id", "id"),
)
Table(
    "judgements",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("question", Text, nullable=False, index=True),
    Column("document", String, nullable=False, index=True),
    Column("digest", String, nullable=False),
    Column("start", Integer, nullable=False),
    Column("end", Integer, nullable=False),
    Column("quote", Text, nullable=False),
    Column("grade", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("judge", String, nullable=False),
    Column("source", String, nullable=False),
    Column("status", String, nullable=False),
    Column("time", Float, nullable=False),
    UniqueConstraint("question", "document", "start", "end", "judge", "source"),
)
Table(
    "votes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("question", Text, nullable=False),
    Column("kind", String, nullable=False),
    Column("left", Text, nullable=False),
    Column("right", Text, nullable=False),
    Column("choice", String, nullable=False),
    Column("voter", String, nullable=False),
    Column("time", Float, nullable=False),
)

# Two triggers, so that conversations need not know of the log: a thumb on an answer is kept there
# too, and if a conversation is deleted, its questions lose their words and the way to their traces.
_SQLITE_TRIGGERS = (
    """
    CREATE TRIGGER IF NOT EXISTS question_log_liked AFTER UPDATE OF liked ON turns
    BEGIN UPDATE question_log SET liked = NEW.liked WHERE turn = NEW.id; END
    """,
    """
    CREATE TRIGGER IF NOT EXISTS question_log_deleted AFTER DELETE ON turns
    BEGIN UPDATE question_log SET turn = NULL, question = '' WHERE turn = OLD.id; END
    """,
)


_POSTGRES_TRIGGERS = (
    """
    CREATE FUNCTION question_log_follows() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF TG_OP = 'DELETE' THEN
            UPDATE question_log SET turn = NULL, question = '' WHERE turn = OLD.id;
        ELSE
            UPDATE question_log SET liked = NEW.liked WHERE turn = NEW.id;
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE TRIGGER question_log_liked AFTER UPDATE OF liked ON turns
    FOR EACH ROW EXECUTE FUNCTION question_log_follows()
    """,
    """
    CREATE TRIGGER question_log_deleted AFTER DELETE ON turns
    FOR EACH ROW EXECUTE FUNCTION question_log_follows()
    """,
)


def upgrade() -> None:
    """Make the tables, indexes and triggers that are not there yet."""
    db = op.get_bind()
    for table in metadata.sorted_tables:
        db.execute(CreateTable(table, if_not_exists=True))
        for index in sorted(table.indexes, key=lambda index: str(index.name)):
            db.execute(CreateIndex(index, if_not_exists=True))
    embedded = db.dialect.name == "sqlite"
    for trigger in _SQLITE_TRIGGERS if embedded else _POSTGRES_TRIGGERS:
        db.exec_driver_sql(trigger)
