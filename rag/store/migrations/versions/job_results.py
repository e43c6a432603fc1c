"""What a job came to, for every process of its library, and the collections that it may rest on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0019"


def upgrade() -> None:
    """Add the columns."""
    op.add_column("jobs", sa.Column("collections", sa.JSON))
    op.add_column("jobs", sa.Column("result", sa.Text))
