"""What the commands share: options that several take, the settings, and opening the library."""

from __future__ import annotations

import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from rag.settings import Settings, load_settings

if TYPE_CHECKING:
    from ranklens.library import Library

LibraryOption = Annotated[
    Path | None,
    typer.Option("--library", metavar="DIR", help="Library folder (default: the user's own)."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
RerankerOption = Annotated[
    str | None, typer.Option(metavar="NAME", help="Reranker for this question.")
]
PoolOption = Annotated[
    int | None, typer.Option(metavar="N", help="Candidates of each retriever, and to rerank.")
]
TopOption = Annotated[int | None, typer.Option(metavar="N", help="Passages for the answer.")]
CollectionOption = Annotated[
    str,
    typer.Option(
        "--collection", metavar="NAME", help="The collection (`ranklens collections` lists them)."
    ),
]
InOption = Annotated[
    list[str] | None,
    typer.Option("--in", metavar="NAME", help="Ask this document only (may be repeated)."),
]
TypeOption = Annotated[
    list[str] | None,
    typer.Option("--type", metavar="TYPE", help="Ask documents of this type only, such as pdf."),
]
SinceOption = Annotated[
    datetime | None,
    typer.Option("--since", formats=["%Y-%m-%d"], help="Ask documents added since that day only."),
]
PasswordOption = Annotated[
    str, typer.Option(metavar="TEXT", help="Password of encrypted PDF files.")
]


def settings_for(ctx: typer.Context, library: Path | None, **changes: Any) -> Settings:
    """Return the settings with the command line's options; ``--library`` may stand on either side.

    Raises `SettingsError` on a value that no option takes.
    """
    chosen = library or ctx.find_root().obj
    given = {name: value for name, value in changes.items() if value is not None}
    if chosen is not None:
        given["library"] = chosen.expanduser().absolute()
    return load_settings().updated(**given)


def open_library(settings: Settings, reindex: bool = False, create: bool = False) -> Library:
    """Open the library, as `Library.open` does; imported here, because the models come with it."""
    from ranklens.library import Library

    return Library.open(settings, create=create, reindex=reindex, command=_command())


def _command() -> str:
    """Return the running command, without its arguments: these may hold a password."""
    words = iter(sys.argv[1:])
    for word in words:
        if word == "--library":
            next(words, "")
        elif not word.startswith("-"):
            return f"ranklens {word}"
    return "ranklens"
