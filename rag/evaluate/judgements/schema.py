"""Tables for question sets, judgements and votes, in the catalogue's own file."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
    false,
)

from rag.store.schema import metadata

question_sets = Table(
    "question_sets",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("made", Float, nullable=False),
    # What judges should know: a text, and what each grade means (a list of four, or none).
    Column("guidelines", Text, nullable=False, default="", server_default=""),
    Column("meanings", JSON),
    # NULL, and one that is not there any more: the one that is asked if nobody chooses.
    Column("collection_id", Integer),
)

questions = Table(
    "questions",
    metadata,
    Column("number", Integer, primary_key=True),
    Column("set_id", ForeignKey("question_sets.id"), nullable=False),
    Column("id", String, nullable=False),
    Column("text", Text, nullable=False),
    Column("kind", String, nullable=False, default=""),
    Column("answer", Text, nullable=False, default=""),
    UniqueConstraint("set_id", "id"),
)

JUDGEMENT_KEY = ("question", "document", "start", "end", "judge", "source")
# A judgement belongs to the question's words and to characters of a document, never to a chunk:
# it holds for the chunks of any chunking.
judgements = Table(
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
    Column("note", Text, nullable=False, default=""),
    Column("judge", String, nullable=False),
    Column("source", String, nullable=False),
    Column("status", String, nullable=False, default="current"),
    Column("time", Float, nullable=False),
    Column("accepted", Boolean, nullable=False, server_default=false()),
    Column("requested_by", String, nullable=False, server_default=""),
    UniqueConstraint(*JUDGEMENT_KEY),
)

# ``left`` and ``right`` are JSON: a pipeline's name, settings digest, and the passages it showed.
votes = Table(
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
