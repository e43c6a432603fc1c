"""Files and small facts of libraries that several hosts share."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Make the tables."""
    large = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
    op.create_table(
        "stored_files",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("key", sa.String, nullable=False, unique=True),
        sa.Column("size", large, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("changed", sa.Float, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "stored_pieces",
        sa.Column(
            "file_id",
            sa.Integer,
            sa.ForeignKey("stored_files.id", ondelete="CASCADE"),
            primary_key=True,
        ),
        sa.Column("ordinal", sa.Integer, primary_key=True),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "shared_facts",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
    )
