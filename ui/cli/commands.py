"""The table of commands. Importing it loads neither torch nor chromadb nor streamlit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from rag.settings import CONFIG
from ui.cli import (
    advising,
    answers,
    collections,
    datasets,
    doctor,
    documents,
    evaluation,
    fitting,
    interleaving,
    judging,
    kept,
    learning,
    migrating,
    models,
    page,
    people,
    questions,
    serving,
    sweeping,
    upkeep,
    useful,
    watching,
    working,
)
from ui.cli.options import LibraryOption

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


ConfigOption = Annotated[
    Path | None,
    typer.Option(metavar="FILE", help=f"Settings file, a TOML file (or {CONFIG})."),
]


@app.callback()
def root(ctx: typer.Context, library: LibraryOption = None, config: ConfigOption = None) -> None:
    """Ask questions of your own documents and see every ranking behind the answer."""
    ctx.obj = library
    if config is not None:
        os.environ[CONFIG] = str(config.expanduser().absolute())


app.command()(documents.ingest)
app.command()(questions.ask)
app.command()(questions.search)
app.command(name="documents")(documents.list_documents)
app.command()(documents.remove)
app.command()(documents.reindex)
app.command()(documents.tag)
app.command()(watching.watch)
app.add_typer(collections.app, name="collections")
app.add_typer(models.app, name="models")
app.add_typer(datasets.app, name="datasets")
app.command()(upkeep.settings)
app.command()(doctor.doctor)
app.command()(upkeep.verify)
app.command()(upkeep.rebuild)
app.command()(migrating.migrate)
app.command(name="eval")(evaluation.evaluate)
app.command()(kept.evaluations)
app.command()(fitting.fit)
app.command()(advising.advise)
app.command()(answers.answers)
app.command()(learning.learn)
app.command()(learning.tune)
app.command()(sweeping.sweep)
app.command()(interleaving.ab)
app.command()(judging.questions)
app.command()(judging.judgements)
app.command()(useful.judge)
app.command()(page.run)
app.command()(serving.serve)
app.command()(working.worker)
app.command()(serving.mcp)
app.add_typer(serving.app, name="keys")
app.add_typer(people.app, name="users")
