"""`doctor`: the machine, which engines run and why, versions, the library and who holds it."""

from __future__ import annotations

import platform
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from rag.text.plural import plural
from ui.cli.options import JsonOption, LibraryOption, settings_for

if TYPE_CHECKING:
    from rag.settings import Settings

PACKAGES = (
    "ranklens",
    "chromadb",
    "onnxruntime",
    "tokenizers",
    "numpy",
    "sentence-transformers",
    "torch",
    "streamlit",
)
Fact = tuple[str, str]


def doctor(ctx: typer.Context, as_json: JsonOption = False, library: LibraryOption = None) -> None:
    """Show what runs here: machine, engines and why, versions, the library's size and owner.

    Opens nothing that another program holds.
    """
    settings = settings_for(ctx, library)
    facts = [*_machine(), *_engines(settings), *_library(settings)]
    if as_json:
        import json

        print(json.dumps(dict(facts), ensure_ascii=False, indent=2))
        return
    from ui.cli.show import table

    table(("what", "here"), facts)


def _machine() -> Iterator[Fact]:
    from rag.models.onnx.engine import describe_machine

    yield "machine", describe_machine()
    yield "system", f"{platform.system()} {platform.release()}, Python {platform.python_version()}"
    for name in PACKAGES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            yield name, "not installed"


def _engines(settings: Settings) -> Iterator[Fact]:
    from rag.errors import ModelError
    from rag.models.load import load_encoder
    from rag.models.onnx.engine import engine_for

    chosen = engine_for(settings.engine)
    yield "engine option", settings.engine
    yield "engine", f"{chosen.name}: {chosen.reason}"
    try:
        encoder = load_encoder(settings)
    except ModelError as error:
        yield "encoder", f"{settings.encoder} cannot be loaded: {error}"
    else:
        yield "encoder", f"{encoder.name}, {encoder.engine}, {encoder.dimension} dimensions"


def _library(settings: Settings) -> Iterator[Fact]:
    from rag.store.owner import holder

    folder = settings.library
    catalogue = folder / "catalogue.sqlite"
    yield "library", f"{folder}" if catalogue.is_file() else f"{folder} (empty)"
    yield "held by", holder(folder) or "nobody"
    if not catalogue.is_file():
        return
    yield "size", ", ".join(f"{name} {_size(path):.1f} MB" for name, path in _parts(folder))
    yield from _counts(catalogue)


def _counts(catalogue: Path) -> Iterator[Fact]:
    """Read the catalogue without the library, so that it may be open elsewhere."""
    try:
        with closing(sqlite3.connect(f"file:{catalogue}?mode=ro", uri=True)) as db:
            ready = db.execute("select count(*) from documents where status = 'ready'").fetchone()
            chunks = db.execute("select count(*) from chunks").fetchone()
            kept = db.execute("select count(*), sum(length(codes)) from tokens").fetchone()
    except sqlite3.Error as error:
        yield "catalogue", f"cannot be read ({error}); `ranklens verify` says more"
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
