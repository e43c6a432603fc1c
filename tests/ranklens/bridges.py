"""A small real library for other programs: sixty bridges, a passage each."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvicorn

from rag.settings import Settings
from ranklens.library import Library
from serve.app import alone
from serve.library import OpenLibrary

QUESTION = "When was the stone bridge of Brook opened?"
BEST = "The stone bridge of Brook"
MATERIALS = ("stone", "iron", "wooden", "steel", "brick", "rope")
TOWNS = ("Arden", "Brook", "Cole", "Dane", "Esk", "Frome", "Gade", "Hull", "Irwell", "Kent")


def text() -> str:
    sections = [
        f"## {material.capitalize()} bridge of {town}\n\n"
        f"The {material} bridge of {town} was opened in {1800 + 3 * i + 17 * j}. "
        f"It carries {i + j + 1} lanes over the river {town}, and was built by the {town} company "
        f"of masons, smiths and carpenters, who were paid by the toll.\n"
        for i, town in enumerate(TOWNS)
        for j, material in enumerate(MATERIALS)
    ]
    return "# Bridges\n\n" + "\n".join(sections)


@contextmanager
def opened(folder: Path, cache: Path) -> Iterator[Library]:
    """A library of the bridges, one passage each, in ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "bridges.md").write_text(text(), "utf-8")
    (folder / "ferries.txt").write_text("A ferry crossed the river Kent before.", "utf-8")
    settings = Settings(library=folder / "library", cache=cache, chunk_tokens=60)
    with Library.open(settings) as library:
        library.add([folder / "bridges.md", folder / "ferries.txt"])
        yield library


@contextmanager
def served(library: Library) -> Iterator[str]:
    """The address of a real server of an open library, which outlives it."""
    app = alone(OpenLibrary(lambda: library, lambda: library.settings))
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, lifespan="off", log_level="warning"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()
