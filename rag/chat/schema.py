"""Tables of conversations, in the catalogue's own SQLite file; the catalogue does not read them."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, MetaData, String, Table, Text

metadata = MetaData()

conversations = Table(
    "conversations",
    metadata,
    Column("id", String, primary_key=True),
    Column("title", Text, nullable=False),
    Column("created", Float, nullable=False),
    Column("updated", Float, nullable=False, index=True),
)

_of_conversation = ForeignKey("conversations.id", ondelete="CASCADE")
turns = Table(
    "turns",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("conversation", _of_conversation, nullable=False, index=True),
    Column("place", Integer, nullable=False),
    Column("question", Text, nullable=False),
    Column("trace", Text, nullable=False),
    Column("asked", Float, nullable=False),
    Column("liked", Boolean),
    # An edited or repeated turn stays, out of sight: its feedback still counts.
    Column("replaced", Boolean, nullable=False, default=False),
    sqlite_autoincrement=True,
)
