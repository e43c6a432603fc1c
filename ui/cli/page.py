"""`run`: the page."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from rag.errors import RanklensError
from rag.settings import Settings, settings_file
from ui.cli.options import LibraryOption, open_library, settings_for
from ui.cli.words import clean

SamplesOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Documents to add first if the library is empty.", exists=True
    ),
]
PortOption = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, max=65535, help="Port (default: the next free from 8501)."),
]


def run(
    ctx: typer.Context,
    samples: SamplesOption = None,
    port: PortOption = None,
    library: LibraryOption = None,
) -> None:
    """Serve the page on this machine and print its address."""
    settings = settings_for(ctx, library)
    if samples is not None:
        add_samples(settings, samples)
    if (file := settings_file()) is not None:
        print(f"Settings file: {file.path.absolute()} ({file.origin})")
    sys.stdout.flush()
    environment = {**os.environ, "RANKLENS_LIBRARY": str(settings.library)}
    os.execve(sys.executable, command(port), environment)  # noqa: S606 - no shell, on purpose


def command(port: int | None) -> list[str]:
    """Return the command that serves the page; code of the working folder is not imported."""
    return [sys.executable, "-P", "-m", "ui.server", *([] if port is None else [str(port)])]


def add_samples(settings: Settings, folder: Path) -> None:
    """Add the documents of ``folder`` and its questions as a collection, if there are none yet."""
    from ranklens import samples
    from ui.cli.documents import index

    with open_library(settings, create=True) as library:
        if not library.documents():
            print(f"The library is empty; adding the documents of {folder}")
            index(
                library, lambda report, stop: samples.add_documents(library, folder, report, stop)
            )
            try:
                samples.add_questions(library, folder)
            except RanklensError as error:  # the page is of use without them
                questions = folder / samples.QUESTIONS
                print(f"ranklens: {questions} was not imported: {clean(str(error))}",
                      file=sys.stderr)  # fmt: skip
