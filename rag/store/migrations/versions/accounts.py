"""Accounts, grants, links that share, the audit log; whose a conversation, key and job are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Make the tables, add the columns."""
    op.create_table(
        "accounts",
        sa.Column("name", sa.String, primary_key=True),
        sa.Column("made", sa.Float, nullable=False),
        sa.Column("seen", sa.Float),
        sa.Column("blocked", sa.Boolean, nullable=False, server_default=sa.false()),
    )
    op.create_table(
        "grants",
        sa.Column("account", sa.String, primary_key=True),
        sa.Column("collection_id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("role", sa.String, nullable=False),
    )
    op.create_table(
        "shares",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("digest", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("collection_id", sa.Integer, nullable=False),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("made", sa.Float, nullable=False),
        sa.Column("expires", sa.Float, nullable=False),
        sa.Column("revoked", sa.Float),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_shares_account"), "shares", ["account"])
    op.create_table(
        "audit_log",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", sa.Float, nullable=False),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("action", sa.String, nullable=False),
        sa.Column("what", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_log_at"), "audit_log", ["at"])
    owner = sa.Column("owner", sa.String, nullable=False, server_default="")
    op.add_column("conversations", owner)
    for table in ("api_keys", "jobs"):
        op.add_column(table, sa.Column("account", sa.String, nullable=False, server_default=""))
