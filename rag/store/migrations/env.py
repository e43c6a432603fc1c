"""What Alembic runs to migrate: over the connection that `rag.store.migrate` opened.

Its transaction is the caller's, so that a process that is killed half-way changes nothing.
"""

from __future__ import annotations

from alembic import context

context.configure(connection=context.config.attributes["connection"])
context.run_migrations()
