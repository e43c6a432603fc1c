"""`ingest`, `documents`, `remove`, `reindex`: what is in the library."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING, Annotated

import typer

from rag.text.plural import plural
from ui.cli.options import (
    CollectionOption,
    JsonOption,
    LibraryOption,
    PasswordOption,
    open_library,
    settings_for,
)
from ui.cli.words import clean, counted, duration

if TYPE_CHECKING:
    from ranklens import FileOutcome, Library
    from ui.cli.progress import Reporter

    Work = Callable[[Reporter, threading.Event], list[FileOutcome]]

Paths = Annotated[
    list[str],
    typer.Argument(metavar="PATH…", help="Files, folders of files, or https:// addresses."),
]
Names = Annotated[list[str] | None, typer.Argument(metavar="[NAME…]", help="All when left out.")]


def ingest(
    ctx: typer.Context,
    paths: Paths,
    password: PasswordOption = "",
    collection: CollectionOption = "",
    library: LibraryOption = None,
) -> None:
    """Add files, folders and addresses to the library.

    With --collection they are put into it, and it is made if it is not there. Exits with 1 if any
    file failed; the others are added all the same.
    """
    with open_library(settings_for(ctx, library), create=True) as opened:
        into = opened.collections.ensure(collection) if collection else ""

        def add(report: Reporter, stop: threading.Event) -> list[FileOutcome]:
            return opened.add(
                paths, collection=into, password=password, on_progress=report, stop=stop
            )

        if not index(opened, add):
            raise typer.Exit(1)


def index(library: Library, work: Work) -> bool:
    """Run work that indexes documents: show progress, every file's outcome, and a summary.

    Returns whether no file failed. Ctrl-C stops the work and exits with 130.
    """
    from ui.cli.progress import Reporter, stop_on_interrupt

    with stop_on_interrupt() as stop, Reporter() as report:
        outcomes = work(report, stop)
    statuses = [outcome.status for outcome in outcomes if outcome.status != "skipped"]
    progress = library.progress()
    summary = counted(statuses) or "nothing to add"
    if progress.documents_done:
        summary += f"; {plural(progress.chunks_done, 'chunk')} in {duration(progress.seconds)}"
    print(summary)
    if stop.is_set():
        print("Stopped; the next `ranklens ingest` or the page does the rest", file=sys.stderr)
        raise typer.Exit(130)
    return "failed" not in statuses


def list_documents(
    ctx: typer.Context,
    as_json: JsonOption = False,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="TAG", help="Those with this tag only.")
    ] = None,
    collection: CollectionOption = "",
    library: LibraryOption = None,
) -> None:
    """List the documents of the library, or those of a collection."""
    from ui.cli.show import table

    with open_library(settings_for(ctx, library)) as opened:
        documents, tags = opened.documents(collection), opened.tags.all()
        within = opened.collections.of_documents()
    documents = [d for d in documents if set(tag or ()) <= set(tags.get(d.name, ()))]
    if as_json:
        found = [
            {
                **asdict(d),
                "tags": list(tags.get(d.name, ())),
                "collections": within.get(d.name, ()),
            }
            for d in documents
        ]
        print(json.dumps(found, default=str, ensure_ascii=False, indent=2))
        return
    if not documents:
        what = f"The collection {clean(collection)}" if collection else "The library"
        print(f"{what} is empty; add documents with `ranklens ingest PATH…`", file=sys.stderr)
        return
    rows = [
        (
            d.name,
            d.status,
            "" if d.pages is None else str(d.pages),
            str(d.chunks),
            d.reason or "; ".join(d.warnings.splitlines()),
            d.ocr,
            ", ".join(tags.get(d.name, ())),
            ", ".join(within.get(d.name, ())),
        )
        for d in documents
    ]
    columns = ("document", "status", "pages", "chunks", "reason or warning", "OCR", "tags")
    table((*columns, "collections"), rows)


def tag(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `documents` lists it.")],
    tags: Annotated[
        list[str] | None, typer.Argument(metavar="[TAG…]", help="None removes its tags.")
    ] = None,
    library: LibraryOption = None,
) -> None:
    """Give a document these tags, in place of those it had."""
    with open_library(settings_for(ctx, library)) as opened:
        kept = opened.tags.put(opened.document(name).name, tags or ())
    print(f"{clean(name)}: {clean(', '.join(kept)) or 'no tags'}")


def remove(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="As `documents` lists it.")],
    library: LibraryOption = None,
) -> None:
    """Remove a document, all its passages, and what was attached to it."""
    with open_library(settings_for(ctx, library)) as opened:
        names = [name, *opened.attached(name)]
        opened.remove(name)
    for one in names:
        print(f"removed: {clean(one)}")


def reindex(ctx: typer.Context, names: Names = None, library: LibraryOption = None) -> None:
    """Read and index documents again.

    All of them after a change of model or chunk settings.
    """
    from ranklens.adding import index_queued

    # A library of other settings is indexed again as a whole, or not at all.
    with open_library(settings_for(ctx, library), reindex=not names) as opened:
        opened.reindex(names or [])
        if not index(opened, partial(index_queued, opened)):
            raise typer.Exit(1)
