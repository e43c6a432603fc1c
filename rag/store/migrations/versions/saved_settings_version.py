"""What somebody saves raises the version that caches of all processes are compared with."""

from __future__ import annotations

from alembic import op

revision = "0019"
down_revision = "0018"

_TRIGGER = """
CREATE CONSTRAINT TRIGGER {table}_change AFTER INSERT OR UPDATE OR DELETE ON {table}
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION store_version_grows();
"""


def upgrade() -> None:
    """Add the triggers, on PostgreSQL."""
    if op.get_bind().dialect.name == "postgresql":
        for table in ("saved_settings", "model_connections"):
            op.execute(_TRIGGER.format(table=table))
