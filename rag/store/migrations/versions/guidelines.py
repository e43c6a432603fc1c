"""What judges should know of a question set: guidelines, and what each grade means."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Add both columns to the question sets."""
    text = sa.Column("guidelines", sa.Text, nullable=False, server_default="")
    op.add_column("question_sets", text)
    op.add_column("question_sets", sa.Column("meanings", sa.JSON))
