"""The catalogue's tables, and the `metadata` on which every other part declares its own.

They are made and changed by the steps in ``migrations/versions`` only (`rag.store.migrate`).
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
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
)

metadata = MetaData()
LARGE = Integer().with_variant(BigInteger(), "postgresql")
"""A number beyond two thousand millions; SQLite's are large anyway."""

meta = Table(
    "meta",
    metadata,
    Column("key", String, primary_key=True),
    Column("value", JSON, nullable=False),
)

documents = Table(
    "documents",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, index=True),
    Column("media_type", String, nullable=False, default=""),
    Column("size", LARGE, nullable=False),
    Column("digest", String, nullable=False, index=True),
    Column("pages", Integer),
    Column("status", String, nullable=False, index=True),
    Column("reason", Text, nullable=False, default=""),
    Column("interruptions", Integer, nullable=False, default=0, server_default="0"),
    Column("warnings", Text, nullable=False, default="", server_default=""),
    Column("chunks", Integer, nullable=False, default=0),
    Column("text", Text),
    Column("spans", JSON),
    Column("settings", JSON),
    Column("added", Float, nullable=False),
    Column("indexed", Float),
    Column("seconds", Float),
    Column("language", String, nullable=False, server_default=""),
    Column("ocr_pictures", Integer, nullable=False, server_default="0"),
    Column("ocr_confidence", Float),
    Column("parent", String, nullable=False, server_default=""),
    Column("lease_owner", String, nullable=False, server_default=""),
    Column("lease_until", Float),
    sqlite_autoincrement=True,
)

collections = Table(
    "collections",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String, nullable=False, unique=True),
    Column("made", Float, nullable=False),
    sqlite_autoincrement=True,
)

# By name: a new version of a document stays in the collections of the one before.
document_collections = Table(
    "document_collections",
    metadata,
    Column("collection_id", ForeignKey("collections.id", ondelete="CASCADE"), primary_key=True),
    Column("document", String, primary_key=True, index=True),
)

# Where a document's words stand on its pages, packed. A table of its own: rows of documents are
# read often, and libraries of before get it without their documents being rewritten.
word_boxes = Table(
    "word_boxes",
    metadata,
    Column("document_id", ForeignKey("documents.id"), primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

# What OCR read in the pictures of a file, and what a language model wrote about its chunks: several
# documents may be versions of one file.
picture_texts = Table(
    "picture_texts",
    metadata,
    Column("digest", String, primary_key=True),
    Column("key", String, primary_key=True),
    Column("reader", String, nullable=False),
    Column("data", LargeBinary, nullable=False),
)

chunks = Table(
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
    Column("context", Text, nullable=False, server_default=""),
    Column("vector", LargeBinary, nullable=False),
    Index("chunks_by_id", "id"),
)

# The foreign key removes them with any chunk.
tokens = Table(
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
