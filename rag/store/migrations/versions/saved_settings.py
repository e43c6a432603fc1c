"""Settings and model connections that are saved; pinned conversations; why an answer is no help."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Make the tables, add the columns."""
    op.create_table(
        "saved_settings",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("value", sa.JSON, nullable=False),
        sa.Column("saved", sa.Float, nullable=False),
    )
    op.create_table(
        "model_connections",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("url", sa.String, nullable=False),
        sa.Column("model", sa.String, nullable=False),
        sa.Column("made", sa.Float, nullable=False),
    )
    pinned = sa.Column("pinned", sa.Boolean, nullable=False, server_default=sa.false())
    op.add_column("conversations", pinned)
    op.add_column("turns", sa.Column("why", sa.Text, nullable=False, server_default=""))
