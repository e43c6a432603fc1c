"""How often a document's indexing was interrupted, and what its reader could not read."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Add both columns to the documents."""
    counted = sa.Column("interruptions", sa.Integer, nullable=False, server_default="0")
    op.add_column("documents", counted)
    op.add_column("documents", sa.Column("warnings", sa.Text, nullable=False, server_default=""))
