"""`run`: the page."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from rag.errors import RanklensError, SettingsError
from rag.settings import Settings, settings_file
from ui.cli.options import LibraryOption, open_library, settings_for
from ui.cli.words import clean

LOCAL, PORT = "127.0.0.1", 8501
_SERVER = (sys.executable, "-P", "-m", "ui.server")
SamplesOption = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR", help="Documents to add first if the library is empty.", exists=True
    ),
]
HostOption = Annotated[
    str,
    typer.Option(
        metavar="ADDRESS",
        help="Address of this machine to listen on; another than 127.0.0.1 needs page_hosts.",
    ),
]
PortOption = Annotated[
    int | None,
    typer.Option(metavar="N", min=1, max=65535, help="Port (default: the next free from 8501)."),
]


def run(
    ctx: typer.Context,
    samples: SamplesOption = None,
    host: HostOption = LOCAL,
    port: PortOption = None,
    library: LibraryOption = None,
) -> None:
    """Serve the page on this machine and print its address."""
    settings = settings_for(ctx, library)
    refuse_open(settings, host)
    if samples is not None:
        add_samples(settings, samples)
    if (file := settings_file()) is not None:
        print(f"Settings file: {file.path.absolute()} ({file.origin})")
    sys.stdout.flush()
    environment = {**os.environ, "RANKLENS_LIBRARY": str(settings.library)}
    os.execve(sys.executable, command(host, port), environment)  # noqa: S606 - no shell, on purpose


def refuse_open(settings: Settings, host: str) -> None:
    """Raise `SettingsError` if the page would be open to whoever reaches this machine."""
    if host != LOCAL and not settings.hosts():
        raise SettingsError(
            f"--host {host} opens the page to other machines. Put a reverse proxy in front that "
            "asks who comes and speaks TLS, and name its host (RANKLENS_PAGE_HOSTS="
            "docs.example.org); docs/security.md shows one"
        )


def command(host: str, port: int | None) -> list[str]:
    """Return the command that serves the page; code of the working folder is not imported."""
    if host != LOCAL:
        return [*_SERVER, str(port or PORT), host]
    return [*_SERVER, *([] if port is None else [str(port)])]


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
