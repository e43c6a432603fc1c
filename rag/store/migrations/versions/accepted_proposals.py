"""Which grades of people were taken over from a proposal."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Add the column; what was taken over before is not known."""
    op.add_column(
        "judgements", sa.Column("accepted", sa.Boolean, nullable=False, server_default=sa.false())
    )
