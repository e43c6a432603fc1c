"""The collection that a logged question was asked in, by its number, and what jobs start with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Add the columns; NULL for the rows of before."""
    op.add_column("question_log", sa.Column("collection", sa.Integer))
    op.add_column("jobs", sa.Column("arguments", sa.JSON))
