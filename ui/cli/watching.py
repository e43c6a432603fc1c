"""`watch`: folders whose files are kept in step with the library."""

from __future__ import annotations

import sys
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ui.cli.documents import index
from ui.cli.options import CollectionOption, LibraryOption, open_library, settings_for
from ui.cli.words import clean

if TYPE_CHECKING:
    from ranklens import Library
    from ranklens.watching import Changes

Folders = Annotated[
    list[Path] | None, typer.Argument(metavar="[FOLDER…]", help="Folders to watch from now on.")
]
Forgotten = Annotated[
    list[str] | None,
    typer.Option(metavar="PLACE", help="Stop watching this folder; its documents stay."),
]


def watch(
    ctx: typer.Context,
    folders: Folders = None,
    forget: Forgotten = None,
    collection: CollectionOption = "",
    library: LibraryOption = None,
) -> None:
    """Import folders, and look at all watched ones: index what is new, remove what is gone.

    With --collection new folders' files are put into it, and it is made if it is not there. The
    page and the server look at them every `watch_seconds` while they run. Exits with 1 if any
    file failed.
    """
    from ranklens import sources
    from ranklens.adding import index_queued

    with open_library(settings_for(ctx, library), create=bool(folders)) as opened:
        for place in forget or ():
            opened.sources.remove(sources.named(opened, place))
            print(f"not watched any more: {clean(place)}")
        into = opened.collections.ensure(collection) if collection else ""
        looked_at = _looked_at(opened, folders or (), into)
        for place, changes in looked_at.items():
            _show(place, sources.named(opened, place).problem, changes)
        if not looked_at:
            print("No folder is watched; name one: `ranklens watch FOLDER`", file=sys.stderr)
        elif not index(opened, partial(index_queued, opened)):
            raise typer.Exit(1)


def _looked_at(
    library: Library, new: list[Path] | tuple[()], collection: str
) -> dict[str, Changes]:
    """Watch new folders and look at all the others; return what was found, by place."""
    from ranklens import watching

    watched = [watching.watch(library, folder, collection) for folder in new]
    found = {source.place: changes for source, changes in watched}
    for source in library.sources.all():
        if source.kind == "folder" and source.place not in found:
            found[source.place] = watching.look(library, source)
    return found


def _show(place: str, problem: str, changes: Changes) -> None:
    if problem:
        print(f"{clean(place)}: {problem}", file=sys.stderr)
        return
    print(f"{clean(place)}: {changes.summary()}")
    for kind, names in asdict(changes).items():
        for name in names:
            print(f"  {kind}: {clean(name)}")
