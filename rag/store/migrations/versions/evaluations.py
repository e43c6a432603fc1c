"""The evaluations that a library keeps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "evaluations",
        sa.Column("id", sa.String, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("collection", sa.String, nullable=False, server_default=""),
        sa.Column("made", sa.Float, nullable=False),
        sa.Column("program", sa.String, nullable=False, server_default=""),
        sa.Column("library", sa.String, nullable=False, server_default=""),
        sa.Column("summary", sa.JSON, nullable=False),
    )
    op.create_index("ix_evaluations_name", "evaluations", ["name"])
