"""The language of each document, as the name of its stemming rules; empty if nobody looked yet."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Add the column to the documents."""
    op.add_column("documents", sa.Column("language", sa.String, nullable=False, server_default=""))
