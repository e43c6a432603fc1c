"""Who requested a model's grades."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Add the column; who requested earlier grades is not known."""
    op.add_column(
        "judgements", sa.Column("requested_by", sa.String, nullable=False, server_default="")
    )
