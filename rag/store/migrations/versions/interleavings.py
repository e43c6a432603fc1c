"""Questions that were ranked by two pipelines at once, and the citations that were opened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "interleavings",
        sa.Column(
            "turn",
            sa.Integer,
            sa.ForeignKey("turns.id", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("first", sa.Text, nullable=False),
        sa.Column("second", sa.Text, nullable=False),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("teams", sa.JSON, nullable=False),
        sa.Column("asked", sa.Float, nullable=False),
    )
    op.create_table(
        "opened_citations",
        sa.Column(
            "turn",
            sa.Integer,
            sa.ForeignKey("interleavings.turn", ondelete="CASCADE"),
            primary_key=True,
            autoincrement=False,
        ),
        sa.Column("chunk", sa.String, primary_key=True),
        sa.Column("time", sa.Float, nullable=False),
    )
