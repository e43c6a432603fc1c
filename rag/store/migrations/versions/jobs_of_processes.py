"""Jobs of several processes of one library: whose each is, and when that was last at work."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("jobs", sa.Column("process", sa.String, nullable=False, server_default=""))
    op.add_column("jobs", sa.Column("seen", sa.Float))
