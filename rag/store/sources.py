"""Where documents come from: folders that are watched, and addresses; and tags of documents.

They are tables of their own in the catalogue's file, so that a document that is indexed again, or
replaced, keeps them.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import (
    JSON,
    Column,
    Engine,
    Float,
    ForeignKey,
    Integer,
    Row,
    String,
    Table,
    Text,
    delete,
    insert,
    select,
    update,
)

from rag.store.schema import LARGE, metadata
from rag.store.statements import insert_or_keep, insert_or_replace, serialise

SourceKind = Literal["folder", "address"]
LONGEST_TAG = 40  # characters
MOST_TAGS = 20  # of a document

sources = Table(
    "sources",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("kind", String, nullable=False),
    Column("place", String, nullable=False, unique=True),
    Column("label", String, nullable=False),
    Column("added", Float, nullable=False),
    Column("looked", Float),
    Column("problem", Text, nullable=False),
    Column("changes", JSON, nullable=False),
)

source_files = Table(
    "source_files",
    metadata,
    Column("source_id", ForeignKey("sources.id", ondelete="CASCADE"), primary_key=True),
    Column("path", String, primary_key=True),
    Column("document", String, nullable=False),
    Column("size", LARGE, nullable=False),
    Column("modified", LARGE, nullable=False),
)

document_tags = Table(
    "document_tags",
    metadata,
    Column("document", String, primary_key=True),
    Column("tag", String, primary_key=True),
)


@dataclass(frozen=True, slots=True)
class Source:
    """A folder by its path, or an address.

    ``label`` begins the names of its documents. ``looked`` is when it was last looked at,
    ``problem`` why that failed; ``changes`` is what was found when something had changed last.
    """

    id: int
    kind: SourceKind
    place: str
    label: str
    added: datetime
    looked: datetime | None
    problem: str
    changes: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file of a source as it was when it was last added, and the name of its document.

    ``size`` in bytes, ``modified`` in nanoseconds.
    """

    document: str
    size: int
    modified: int


class Sources:
    """The sources of one library. Safe to use from several threads."""

    def __init__(self, engine: Engine) -> None:
        """Use the catalogue's database."""
        self._engine = engine

    def all(self) -> list[Source]:
        """Return every source in the order in which they were added."""
        with self._engine.connect() as db:
            return [_source(row) for row in db.execute(select(sources).order_by(sources.c.id))]

    def find(self, place: str) -> Source | None:
        """Return the source at a place, None if there is none."""
        return next((source for source in self.all() if source.place == place), None)

    def add(self, kind: SourceKind, place: str, label: str) -> Source:
        """Keep a source and return it; one of the same place is returned as it is."""
        if found := self.find(place):
            return found
        row = {"kind": kind, "place": place, "label": label, "added": time.time()}
        with self._engine.begin() as db:
            insert_or_keep(db, sources, [row | {"problem": "", "changes": {}}])
        found = self.find(place)
        assert found  # noqa: S101 - it was just inserted
        return found

    def looked(self, source: Source, problem: str, changes: Mapping[str, Any] | None) -> None:
        """Note that a source was looked at, and what has changed, if anything has."""
        values: dict[str, Any] = {"looked": time.time(), "problem": problem}
        if changes:
            values["changes"] = dict(changes)
        with self._engine.begin() as db:
            db.execute(update(sources).where(sources.c.id == source.id).values(**values))

    def remove(self, source: Source) -> None:
        """Forget a source and its files; their documents stay."""
        with self._engine.begin() as db:
            db.execute(delete(source_files).where(source_files.c.source_id == source.id))
            db.execute(delete(sources).where(sources.c.id == source.id))

    def files(self, source: Source) -> dict[str, SourceFile]:
        """Return the files of a source by their paths within it."""
        query = select(source_files).where(source_files.c.source_id == source.id)
        with self._engine.connect() as db:
            return {r.path: SourceFile(r.document, r.size, r.modified) for r in db.execute(query)}

    def keep_file(self, source: Source, path: str, file: SourceFile) -> None:
        """Keep a file as it is now."""
        row: dict[str, Any] = {"document": file.document, "size": file.size}
        row["modified"] = file.modified
        with self._engine.begin() as db:
            row |= {"source_id": source.id, "path": path}
            insert_or_replace(db, source_files, [row], ["source_id", "path"])

    def drop_file(self, source: Source, path: str) -> None:
        """Forget a file."""
        with self._engine.begin() as db:
            self._drop(db, source, path)

    def forget_documents(self, names: Collection[str]) -> None:
        """Note that documents were removed.

        Their files in folders stay known by their paths, so that they are not added again before
        they change. An address is forgotten with its document.
        """
        of_them = source_files.c.document.in_(names)
        with self._engine.begin() as db:
            ids = select(source_files.c.source_id).where(of_them)
            gone = list(
                db.scalars(
                    select(sources.c.id).where(sources.c.kind == "address", sources.c.id.in_(ids))
                )
            )
            db.execute(update(source_files).where(of_them).values(document=""))
            db.execute(delete(source_files).where(source_files.c.source_id.in_(gone)))
            db.execute(delete(sources).where(sources.c.id.in_(gone)))

    def holds(self, document: str) -> bool:
        """Return whether any file of any source is this document."""
        query = select(source_files.c.path).where(source_files.c.document == document).limit(1)
        with self._engine.connect() as db:
            return db.execute(query).first() is not None

    @staticmethod
    def _drop(db: Any, source: Source, path: str) -> None:
        this = source_files.c.source_id == source.id, source_files.c.path == path
        db.execute(delete(source_files).where(*this))


class Tags:
    """Words by which people group the documents of one library, by the documents' names."""

    def __init__(self, engine: Engine) -> None:
        """Use the catalogue's database."""
        self._engine = engine

    def all(self) -> dict[str, tuple[str, ...]]:
        """Return the tags of each document that has any, in alphabetical order."""
        found: dict[str, tuple[str, ...]] = {}
        with self._engine.connect() as db:
            for row in db.execute(select(document_tags).order_by(document_tags.c.tag)):
                found[row.document] = (*found.get(row.document, ()), row.tag)
        return found

    def put(self, document: str, tags: Iterable[str]) -> tuple[str, ...]:
        """Give a document these tags in place of its former ones; return them as they are kept."""
        kept = sorted({" ".join(tag.split())[:LONGEST_TAG] for tag in tags} - {""})[:MOST_TAGS]
        with self._engine.begin() as db:
            serialise(db, f"tags of {document}")
            db.execute(delete(document_tags).where(document_tags.c.document == document))
            rows = [{"document": document, "tag": tag} for tag in kept]
            if rows:
                db.execute(insert(document_tags), rows)
        return tuple(kept)

    def forget_documents(self, names: Collection[str]) -> None:
        """Forget the tags of documents that are removed."""
        with self._engine.begin() as db:
            db.execute(delete(document_tags).where(document_tags.c.document.in_(names)))


def _source(row: Row[Any]) -> Source:
    added = datetime.fromtimestamp(row.added, UTC)
    looked = None if row.looked is None else datetime.fromtimestamp(row.looked, UTC)
    return Source(**row._asdict() | {"added": added, "looked": looked})
