"""Small facts that a library keeps beside its rows: saved pipelines, learned versions, adoptions.

Each is a JSON value by name. A library in a folder has a JSON file for each; one in a database has
them in a table, so that all hosts see a change at once.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

from sqlalchemy import JSON, Column, Connection, Engine, String, Table, select

from rag.settings import Settings
from rag.store import fence
from rag.store.database import engine_of
from rag.store.schema import metadata
from rag.store.statements import insert_or_replace, serialise

NAMES = ("pipelines", "pipeline-notes", "learned", "adopted")
"""Those that a folder keeps in files: name → ``name.json``."""
_changing = threading.Lock()  # two people of one process who save at once both do

shared_facts = Table(
    "shared_facts",
    metadata,
    Column("name", String, primary_key=True),
    Column("value", JSON, nullable=False),
)


class Facts(Protocol):
    """Facts of one library, by name."""

    def read(self, name: str) -> Any:
        """Return a fact, None if there is none.

        Raises OSError or ValueError if its file cannot be read.
        """
        ...

    def change(self, name: str, to: Callable[[Any], Any]) -> None:
        """Put ``to(present)`` in place of a fact; nobody else changes it meanwhile.

        Raises what ``to`` raises; then nothing is changed.
        """
        ...


class FolderFacts:
    """Facts in files of the library's folder, of which one process is the owner."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, name: str) -> Any:
        """Return a fact."""
        try:
            return json.loads((self._folder / f"{name}.json").read_text("utf-8"))
        except FileNotFoundError:
            return None

    def change(self, name: str, to: Callable[[Any], Any]) -> None:
        """Put ``to(present)`` in place of a fact."""
        with _changing:
            value = to(self.read(name))
            self._folder.mkdir(parents=True, exist_ok=True)
            aside = self._folder / f"{name}.json.tmp"
            aside.write_text(json.dumps(value, ensure_ascii=False, indent=2), "utf-8")
            aside.replace(self._folder / f"{name}.json")


class SharedFacts:
    """Facts in a table of the library's database.

    What is not there is read from a folder that hosts had in common before there was the table.
    """

    def __init__(self, engine: Engine, before: Facts | None = None) -> None:
        self._engine, self._before = engine, before

    def read(self, name: str) -> Any:
        """Return a fact."""
        with self._engine.connect() as db:
            found = _value(db, name)
        return self._of_before(name) if found is None else found

    def change(self, name: str, to: Callable[[Any], Any]) -> None:
        """Put ``to(present)`` in place of a fact."""
        with self._engine.begin() as db:
            fence.check(db)
            serialise(db, f"fact {name}")
            found = _value(db, name)
            present = self._of_before(name) if found is None else found
            row = {"name": name, "value": to(present)}
            insert_or_replace(db, shared_facts, [row], ["name"])

    def _of_before(self, name: str) -> Any:
        return self._before.read(name) if self._before else None


def facts_of(settings: Settings) -> Facts:
    """Return the facts of the library of these settings."""
    if address := settings.database_url.get_secret_value():
        return SharedFacts(engine_of(address), FolderFacts(settings.library))
    return FolderFacts(settings.library)


def _value(db: Connection, name: str) -> Any:
    return db.scalar(select(shared_facts.c.value).where(shared_facts.c.name == name))
