"""What a language model wrote about each chunk's place in its document; empty if none did."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Add the column to the chunks."""
    op.add_column("chunks", sa.Column("context", sa.Text, nullable=False, server_default=""))
