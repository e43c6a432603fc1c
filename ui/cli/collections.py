"""`collections`: the parts of the library that questions are asked within."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Annotated

import typer

from rag.text.plural import plural
from ui.cli.options import JsonOption, LibraryOption, open_library, settings_for
from ui.cli.words import clean

Name = Annotated[str, typer.Argument(metavar="NAME", help="A collection.")]
Names = Annotated[
    list[str], typer.Argument(metavar="DOCUMENT…", help="As `ranklens documents` lists them.")
]

app = typer.Typer(help="The collections of documents that questions are asked within.")


@app.callback(invoke_without_command=True)
def root(ctx: typer.Context) -> None:
    """List the collections, or change them and what is in them."""
    if ctx.invoked_subcommand is None:
        list_collections(ctx)


@app.command(name="list")
def list_collections(
    ctx: typer.Context, as_json: JsonOption = False, library: LibraryOption = None
) -> None:
    """List the collections, the default one first, with the number of their documents."""
    from ui.cli.show import table

    with open_library(settings_for(ctx, library)) as opened:
        found = opened.collections.all()
    if as_json:
        print(json.dumps([asdict(one) for one in found], ensure_ascii=False, indent=2))
    else:
        table(("collection", "documents"), [(one.name, str(one.documents)) for one in found])


@app.command()
def make(ctx: typer.Context, name: Name, library: LibraryOption = None) -> None:
    """Make an empty collection."""
    with open_library(settings_for(ctx, library)) as opened:
        print(f"made: {clean(opened.collections.make(name))}")


@app.command()
def rename(
    ctx: typer.Context,
    name: Name,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
    library: LibraryOption = None,
) -> None:
    """Rename a collection; its conversations and question sets stay with it."""
    with open_library(settings_for(ctx, library)) as opened:
        print(f"renamed: {clean(opened.collections.rename(name, new))}")


@app.command()
def remove(ctx: typer.Context, name: Name, library: LibraryOption = None) -> None:
    """Remove a collection; documents that are in no other one go to the default."""
    with open_library(settings_for(ctx, library)) as opened:
        opened.collections.remove(name)
    print(f"removed: {clean(name)}; its documents stay in the library")


@app.command()
def put(ctx: typer.Context, name: Name, documents: Names, library: LibraryOption = None) -> None:
    """Put documents into a collection; they stay in their others too."""
    with open_library(settings_for(ctx, library)) as opened:
        opened.collections.put(name, documents)
    print(f"{plural(len(documents), 'document')} put into {clean(name)}")


@app.command()
def take(ctx: typer.Context, name: Name, documents: Names, library: LibraryOption = None) -> None:
    """Take documents out of a collection; those that are in no other go to the default."""
    with open_library(settings_for(ctx, library)) as opened:
        opened.collections.take(name, documents)
    print(f"{plural(len(documents), 'document')} taken out of {clean(name)}")
