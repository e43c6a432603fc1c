"""`ingest`, `documents`, `remove`, `reindex`: what is in the library."""

from __future__ import annotations

import difflib
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rag.errors import LibraryError, LibraryMismatch, RanklensError
from rag.text.plural import plural
from ui.cli.options import (
    JsonOption,
    LibraryOption,
    PasswordOption,
    open_library,
    settings_for,
)
from ui.cli.words import clean, counted, duration

if TYPE_CHECKING:
    from ingest.progress import Outcome
    from rag.settings import Settings
    from ranklens.library import Library
    from ui.cli.paths import Found

Paths = Annotated[list[Path], typer.Argument(metavar="PATH…", help="Files, or folders of files.")]
Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME…]", help="All when left out.")]


def ingest(
    ctx: typer.Context, paths: Paths, password: PasswordOption = "", library: LibraryOption = None
) -> None:
    """Add files and folders to the library.

    Exits with 1 where any file failed; the others are added all the same.
    """
    from ingest.loaders import LOADERS
    from ui.cli.paths import find

    with open_library(settings_for(ctx, library), make=True) as opened:
        outcomes = add(opened, find(paths, LOADERS), password)
    if any(outcome.status == "failed" for outcome in outcomes):
        raise typer.Exit(1)


def add(library: Library, found: list[Found], password: str = "") -> list[Outcome]:
    """Queue what was found, index it, and show every file's outcome."""
    from ingest.progress import Outcome
    from ui.cli.progress import show_outcome

    done: list[Outcome] = []
    for item in found:
        if item.skipped:
            print(f"skipped: {clean(str(item.path))}: {item.skipped}")
            continue
        if item.failed:
            outcome = Outcome(item.name, "failed", item.failed)
        else:
            outcome = library.enqueue(item.path, item.name, password)
        if outcome.status != "queued":
            show_outcome(outcome)
            done.append(outcome)
    return done + work(library, done)


def work(library: Library, done: list[Outcome]) -> list[Outcome]:
    """Index what is queued, with progress, and sum up; Ctrl-C stops it and exits with 130."""
    from ui.cli.progress import Reporter, stop_on_interrupt

    with stop_on_interrupt() as stop, Reporter() as report:
        worked = library.work(report, stop)
        report(library.progress())
    progress = library.progress()
    outcomes = [*done, *worked]
    summary = counted(outcome.status for outcome in outcomes) or "nothing to add"
    if worked:
        summary += f"; {plural(progress.chunks_done, 'chunk')} in {duration(progress.seconds)}"
    print(summary)
    if stop.is_set():
        print("Stopped; the next `ranklens ingest` or the page does the rest", file=sys.stderr)
        raise typer.Exit(130)
    if progress.problem:
        raise LibraryError(f"the work came to a halt: {clean(progress.problem)}")
    return worked


def list_documents(
    ctx: typer.Context, as_json: JsonOption = False, library: LibraryOption = None
) -> None:
    """List the documents of the library."""
    from ui.cli.show import table

    with open_library(settings_for(ctx, library)) as opened:
        documents = opened.documents()
    if as_json:
        print(json.dumps([asdict(d) for d in documents], default=str, ensure_ascii=False, indent=2))
        return
    if not documents:
        print("The library is empty; add documents with `ranklens ingest PATH…`", file=sys.stderr)
        return
    rows = [
        (d.name, d.status, "" if d.pages is None else str(d.pages), str(d.chunks), d.reason)
        for d in documents
    ]
    table(("document", "status", "pages", "chunks", "reason"), rows)


def remove(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `documents` lists it.")],
    library: LibraryOption = None,
) -> None:
    """Remove a document and all its passages."""
    with open_library(settings_for(ctx, library)) as opened:
        if opened.remove(name):
            print(f"removed: {clean(name)}")
            return
        _refuse_unknown([name], opened)


def reindex(ctx: typer.Context, names: Names = None, library: LibraryOption = None) -> None:
    """Read and index documents again.

    All of them after a change of model or chunk settings.
    """
    with _open_to_reindex(settings_for(ctx, library), names or []) as opened:
        outcomes = work(opened, [])
    if any(outcome.status == "failed" for outcome in outcomes):
        raise typer.Exit(1)


def _open_to_reindex(settings: Settings, names: list[str]) -> Library:
    """Open the library with the documents queued; one made with other settings is queued whole."""
    try:
        library = open_library(settings)
    except LibraryMismatch:
        if names:
            raise
        return open_library(settings, reindex=True)
    try:
        _refuse_unknown(names, library)
        library.reindex(names)
    except RanklensError:
        library.close()
        raise
    return library


def _refuse_unknown(names: list[str], library: Library) -> None:
    known = [document.name for document in library.documents()]
    for name in names:
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "`ranklens documents` lists them"
            raise LibraryError(f"there is no document {name!r} in the library; {hint}")
