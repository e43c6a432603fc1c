"""The keys of the HTTP API."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "api_keys",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("public", sa.String, nullable=False, unique=True),
        sa.Column("digest", sa.LargeBinary, nullable=False),
        sa.Column("made", sa.Float, nullable=False),
        sa.Column("used", sa.Float),
        sa.Column("revoked", sa.Float),
        sqlite_autoincrement=True,
    )
    in_use = sa.text("revoked IS NULL")
    op.create_index(
        "api_keys_in_use", "api_keys", ["name"], unique=True,
        sqlite_where=in_use, postgresql_where=in_use,
    )  # fmt: skip
