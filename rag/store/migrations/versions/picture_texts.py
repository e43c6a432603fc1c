"""What OCR read: each picture's text, and of a document how much; whose attachment it is."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the table, add the columns to the documents."""
    op.create_table(
        "picture_texts",
        sa.Column("digest", sa.String, primary_key=True),
        sa.Column("key", sa.String, primary_key=True),
        sa.Column("reader", sa.String, nullable=False),
        sa.Column("data", sa.LargeBinary, nullable=False),
    )
    pictures = sa.Column("ocr_pictures", sa.Integer, nullable=False, server_default="0")
    op.add_column("documents", pictures)
    op.add_column("documents", sa.Column("ocr_confidence", sa.Float))
    op.add_column("documents", sa.Column("parent", sa.String, nullable=False, server_default=""))
