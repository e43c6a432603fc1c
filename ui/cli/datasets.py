"""`datasets`: whole data sets in and out, documents, questions and judgements together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from rag.text.plural import plural
from ui.cli.options import LibraryOption, open_library, settings_for
from ui.cli.words import clean

app = typer.Typer(help="Data sets with documents, questions and judgements, in and out.")


@app.command(name="import")
def import_(
    ctx: typer.Context,
    source: Annotated[str, typer.Argument(help="A folder, a .zip file of one, or ir_datasets:ID.")],
    name: Annotated[
        str, typer.Option("--set", metavar="NAME", help="The set's and the collection's name.")
    ] = "",
    judge: Annotated[str, typer.Option(metavar="NAME", help="Judge of its judgements.")] = "import",
    library: LibraryOption = None,
) -> None:
    """Add a data set: its documents as a collection, its questions as a set, its judgements.

    BEIR's layout, or the Hugging Face hub's (parquet or JSON Lines). Without --set it is called as
    the folder. Ctrl-C stops it; the same command goes on.
    """
    from ranklens import exchange
    from ui.cli.progress import CountingBar, stop_on_interrupt

    with (
        stop_on_interrupt() as stop,
        open_library(settings_for(ctx, library), create=True) as opened,
        CountingBar() as bar,
    ):
        made = exchange.import_dataset(
            opened, source, name, judge, on_progress=bar.indexing, stop=stop
        )
    counts = (
        plural(made.documents, "document"),
        plural(made.questions, "question"),
        plural(made.judgements, "judgement"),
    )
    print(f"{', '.join(counts)} in the collection and the set {clean(made.name)}")
    for note in made.notes:
        print(clean(note))


@app.command(name="export")
def export_(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(metavar="SET", help="A question set of the library.")],
    target: Annotated[Path, typer.Argument(help="A folder, or a file that ends in .zip.")],
    form: Annotated[
        Literal["beir", "parquet", "jsonl"],
        typer.Option(help="BEIR's layout, or files that the Hugging Face hub reads."),
    ] = "beir",
    library: LibraryOption = None,
) -> None:
    """Write a question set with its collection's passages and people's grades."""
    from ranklens import exchange

    target = target.expanduser()
    with open_library(settings_for(ctx, library)) as opened:
        if target.suffix.lower() == ".zip":
            target.write_bytes(exchange.export_archive(opened, name, form))
        else:
            exchange.export_folder(opened, name, target, form)
    print(f"written: {target}")
