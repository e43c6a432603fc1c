"""Facts for a report of a problem: the machine, the engine and why, versions, the library."""

from __future__ import annotations

import platform
import secrets
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from sqlalchemy import Connection, func, inspect, select, text
from sqlalchemy.exc import SQLAlchemyError

from rag.errors import LibraryError, ModelError, ProviderError, SettingsError
from rag.models.load import load_encoder
from rag.models.onnx.engine import describe_machine, engine_for
from rag.settings import Settings, settings_file
from rag.store.database import describe, open_database
from rag.store.files.choice import files_of
from rag.store.files.copies import read
from rag.store.owner import holder
from rag.store.schema import chunks, documents
from rag.text.plural import plural
from ranklens.languages import advice
from ranklens.models import listed, rerankers

PACKAGES = (
    "ranklens",
    "chromadb",
    "onnxruntime",
    "tokenizers",
    "numpy",
    "sentence-transformers",
    "torch",
    "streamlit",
    "rapidocr",
)
Fact = tuple[str, str]


def facts(settings: Settings) -> list[Fact]:
    """Return (what, here); opens nothing that another program holds."""
    return [
        *_machine(), *_file(), *_engine(settings), *_models(settings), *_library(settings),
        *_files(settings),
    ]  # fmt: skip


def _machine() -> Iterator[Fact]:
    yield "machine", describe_machine()
    yield "system", f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    for name in PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, "not installed"


def _file() -> Iterator[Fact]:
    file = settings_file()
    yield "settings file", f"{file.path.absolute()} ({file.origin})" if file else "none"


def _engine(settings: Settings) -> Iterator[Fact]:
    chosen = engine_for(settings.engine)
    yield "engine option", settings.engine
    yield "engine", f"{chosen.name}: {chosen.reason}"
    try:
        encoder = load_encoder(settings)
    except (ModelError, ProviderError) as error:
        yield "encoder", f"{settings.encoder} cannot be loaded: {error}"
    else:
        yield "encoder", f"{encoder.name}, {encoder.engine}, {encoder.dimension} dimensions"
        yield "languages", advice(settings.library, encoder) or "nothing that it hardly knows"


def _files(settings: Settings) -> Iterator[Fact]:
    """Say where files are kept, and try a bucket: write, read and delete a small file."""
    if not settings.files_url:
        return
    try:
        files = files_of(settings)
        with tempfile.NamedTemporaryFile() as small:
            small.write(b"ranklens doctor")
            small.flush()
            key = f"doctor/{secrets.token_hex(8)}"
            files.put(key, Path(small.name))
            same = read(files, key) == b"ranklens doctor"
            files.delete(key)
        works = "can be written and read" if same else "returns other bytes than were put there"
        yield "files", f"{files.where} {works}"
    except (LibraryError, SettingsError) as error:
        yield "files", f"cannot be used: {error}"


def _models(settings: Settings) -> Iterator[Fact]:
    here = [one.model.name for one in listed(settings) if one.folder]
    yield "models", ", ".join(here)
    yield "rerankers", ", ".join(one.name for one in rerankers(settings) if not one.reason)


def _library(settings: Settings) -> Iterator[Fact]:
    if address := settings.database_url.get_secret_value():
        yield from _database(address)
        return
    folder = settings.library
    catalogue = folder / "catalogue.sqlite"
    yield "library", f"{folder}" if catalogue.is_file() else f"{folder} (empty)"
    yield "held by", holder(folder) or "nobody"
    if not catalogue.is_file():
        return
    yield "size", ", ".join(f"{name} {_size(path):.1f} MB" for name, path in _parts(folder))
    yield from _counts(catalogue)


def _database(address: str) -> Iterator[Fact]:
    """Read the database without opening the library; it makes no tables."""
    try:
        yield "library", describe(address)
        engine = open_database(address)
        try:
            with engine.connect() as db:
                yield from _served(db)
        finally:
            engine.dispose()
    except (LibraryError, SQLAlchemyError) as error:
        yield "database", f"cannot be read: {str(error).splitlines()[0]}"


def _served(db: Connection) -> Iterator[Fact]:
    extension = text("SELECT extversion FROM pg_extension WHERE extname = 'vector'")
    yield "postgresql", str(db.scalar(text("SHOW server_version")))
    yield "pgvector", str(db.scalar(extension) or "not in this database yet")
    size = db.scalar(text("SELECT pg_database_size(current_database())")) or 0
    yield "size", f"{size / 2**20:.1f} MB"
    if "documents" in inspect(db).get_table_names():
        ready = select(func.count()).where(documents.c.status == "ready")
        held = plural(db.scalar(select(func.count()).select_from(chunks)) or 0, "chunk")
        yield "documents", f"{db.scalar(ready)} ready, {held}"


def _counts(catalogue: Path) -> Iterator[Fact]:
    """Read the catalogue without the library, so that it may be open elsewhere."""
    try:
        with closing(sqlite3.connect(f"file:{catalogue}?mode=ro", uri=True)) as db:
            ready = db.execute("select count(*) from documents where status = 'ready'").fetchone()
            chunks = db.execute("select count(*) from chunks").fetchone()
            kept = db.execute("select count(*), sum(length(codes)) from tokens").fetchone()
    except sqlite3.Error as error:
        yield "catalogue", f"cannot be read ({error}); `ranklens verify` shows more"
        return
    yield "documents", f"{ready[0]} ready, {plural(chunks[0], 'chunk')}"
    each = f", {kept[1] / kept[0]:.0f} bytes each" if kept[0] else ""
    yield (
        "token vectors kept",
        f"of {plural(kept[0], 'chunk')}, {(kept[1] or 0) / 2**20:.1f} MB{each}",
    )


def _parts(folder: Path) -> list[tuple[str, Path]]:
    return sorted((path.name, path) for path in folder.iterdir())


def _size(path: Path) -> float:
    files = [path] if path.is_file() else [one for one in path.rglob("*") if one.is_file()]
    return sum(one.stat().st_size for one in files) / 2**20
