"""Collections of documents; all documents so far go to the default one.

Conversations and question sets belong to one by its number. NULL, and the number of one that is not
there any more, stand for the default.
"""

from __future__ import annotations

import time

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Make the tables, put every document into the default collection, add the columns."""
    op.create_table(
        "collections",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("made", sa.Float, nullable=False),
        sqlite_autoincrement=True,
    )
    of_collection = sa.ForeignKey("collections.id", ondelete="CASCADE")
    op.create_table(
        "document_collections",
        sa.Column("collection_id", sa.Integer, of_collection, primary_key=True),
        sa.Column("document", sa.String, primary_key=True),
    )
    op.create_index(op.f("ix_document_collections_document"), "document_collections", ["document"])
    db = op.get_bind()
    made = {"made": time.time()}
    db.execute(sa.text("INSERT INTO collections VALUES (1, 'default', :made)"), made)
    if db.dialect.name == "postgresql":  # a number that is given does not count
        db.execute(sa.text("SELECT setval('collections_id_seq', 1)"))
    db.execute(
        sa.text(
            "INSERT INTO document_collections SELECT DISTINCT 1, name FROM documents "
            "WHERE status != 'removed' AND name != ''"
        )
    )
    for table in ("conversations", "question_sets"):
        op.add_column(table, sa.Column("collection_id", sa.Integer))
