"""Folders and addresses that documents come from, their files, and documents' tags."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "sources",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("place", sa.String, nullable=False, unique=True),
        sa.Column("label", sa.String, nullable=False),
        sa.Column("added", sa.Float, nullable=False),
        sa.Column("looked", sa.Float),
        sa.Column("problem", sa.Text, nullable=False),
        sa.Column("changes", sa.JSON, nullable=False),
    )
    large = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
    source = sa.ForeignKey("sources.id", ondelete="CASCADE")
    op.create_table(
        "source_files",
        sa.Column("source_id", sa.Integer, source, primary_key=True),
        sa.Column("path", sa.String, primary_key=True),
        sa.Column("document", sa.String, nullable=False),
        sa.Column("size", large, nullable=False),
        sa.Column("modified", large, nullable=False),
    )
    op.create_table(
        "document_tags",
        sa.Column("document", sa.String, primary_key=True),
        sa.Column("tag", sa.String, primary_key=True),
    )
