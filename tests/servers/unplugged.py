"""A library whose database is behind a cable that is pulled and put in again, in a namespace.

``python -m tests.servers.unplugged FOLDER`` in a network namespace of its own: it asks, pulls the
cable, asks, puts it in again, and asks. It writes how each question ended.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rag.errors import DatabaseUnavailable
from ranklens.library import Library
from tests.serve.conftest import open_library, stock
from tests.servers.postgres import PostgresServer, binaries


def cable(state: str) -> None:
    """Pull the cable (``down``) or put it in (``up``)."""
    subprocess.run(["ip", "link", "set", "lo", state], check=True)  # noqa: S607


def asked(library: Library) -> str:
    """Return how a question ends."""
    try:
        return "answered\n" if library.search("moon").evidence else "empty\n"
    except DatabaseUnavailable as error:
        return f"{error}\n"


def main(folder: Path) -> None:
    """Play it."""
    cable("up")
    programs = binaries()
    assert programs
    with (
        PostgresServer(programs) as server,
        open_library(folder, database_url=server.database()) as library,
    ):
        stock(library, folder)
        sys.stdout.write(asked(library))
        cable("down")
        sys.stdout.write(asked(library))
        cable("up")
        sys.stdout.write(asked(library))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
