"""What the owner saved in the library: options, and the named connections to language models.

Keys are not among it: they stay in the environment or in a file of their own
(`ranklens.connection_keys`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from sqlalchemy import JSON, Column, Engine, Float, String, Table, delete, select

from rag.store.schema import metadata
from rag.store.statements import insert_or_replace

saved_settings = Table(
    "saved_settings",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", JSON, nullable=False),
    Column("saved", Float, nullable=False),
)
model_connections = Table(
    "model_connections",
    metadata,
    Column("name", String, primary_key=True),
    Column("kind", String, nullable=False),
    Column("url", String, nullable=False),
    Column("model", String, nullable=False),
    Column("made", Float, nullable=False),
)
IN_USE = "connection in use"  # kept beside the options; no option has spaces in its name


@dataclass(frozen=True, slots=True)
class ModelConnection:
    """A language model somewhere: ``kind`` of provider, address (empty for its own), model."""

    name: str
    kind: str
    url: str
    model: str


class SavedSettings:
    """The tables. Safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def options(self) -> dict[str, Any]:
        """Return the saved options with their values."""
        query = select(saved_settings.c.name, saved_settings.c.value)
        with self._engine.connect() as db:
            return {name: value for name, value in db.execute(query) if name != IN_USE}

    def save(self, name: str, value: Any) -> None:
        """Save an option in place of what was saved before."""
        with self._engine.begin() as db:
            row = {"name": name, "value": value, "saved": time.time()}
            insert_or_replace(db, saved_settings, [row], ["name"])

    def forget(self, name: str) -> None:
        """Forget what was saved of an option."""
        with self._engine.begin() as db:
            db.execute(delete(saved_settings).where(saved_settings.c.name == name))

    def connections(self) -> list[ModelConnection]:
        """Return the connections by name."""
        table = model_connections
        query = select(table.c.name, table.c.kind, table.c.url, table.c.model).order_by(
            table.c.name
        )
        with self._engine.connect() as db:
            return [ModelConnection(*row) for row in db.execute(query)]

    def connect(self, one: ModelConnection) -> None:
        """Save a connection in place of the one of its name."""
        table = model_connections
        values = {"name": one.name, "kind": one.kind, "url": one.url, "model": one.model}
        with self._engine.begin() as db:
            insert_or_replace(db, table, [values | {"made": time.time()}], ["name"])

    def disconnect(self, name: str) -> None:
        """Remove a connection; nothing happens if there is none of that name."""
        with self._engine.begin() as db:
            db.execute(delete(model_connections).where(model_connections.c.name == name))

    @property
    def in_use(self) -> str | None:
        """The name of the connection in use, "" if documents are quoted, None if none is chosen."""
        query = select(saved_settings.c.value).where(saved_settings.c.name == IN_USE)
        with self._engine.connect() as db:
            found: str | None = db.scalar(query)
            return found
