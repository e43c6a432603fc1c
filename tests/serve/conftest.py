"""A small real library of three documents with a fake encoder, and its API in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.testclient import TestClient

import serve.app
from rag.settings import Settings
from ranklens.library import Library
from serve.library import OpenLibrary
from tests.fakes import WordEncoder
from tests.servers.page import free_port

OWN = "127.0.0.1:8600"
DOCUMENTS = {
    "moon.md": "# Moon\n\nThe moon pulls the tide.\n\n# Probe\n\nA probe landed on the moon.",
    "mars.txt": "Mars has two moons. A probe circles mars in a wide orbit.",
    "comet.txt": "A comet has a tail near the sun. Its orbit is long.",
}
MakeClient = Callable[..., TestClient]


def open_library(folder: Path, *, reindex: bool = False, **options: object) -> Library:
    """Open a library with the fake encoder; documents are indexed when they are added."""
    settings = Settings(library=folder / "library", cache=folder, reranker="none", **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ranklens.library.load_encoder", lambda _settings: WordEncoder())
        return Library.open(settings, reindex=reindex)


def stock(library: Library, folder: Path) -> None:
    """Add `DOCUMENTS` to a library."""
    source = folder / "source"
    source.mkdir()
    for name, text in DOCUMENTS.items():
        (source / name).write_text(text, "utf-8")
    assert {outcome.status for outcome in library.add([source])} == {"added"}


@pytest.fixture(scope="session")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library of three documents, without keys, that no test changes."""
    folder = tmp_path_factory.mktemp("stocked")
    with open_library(folder) as library:
        stock(library, folder)
        yield library


@pytest.fixture(scope="module")
def client_of() -> Iterator[MakeClient]:
    """Return a client of a library's API: ``key`` it sends, ``client`` is where it calls from."""
    app_of = cache(api_of)
    with ExitStack() as opened:

        @cache
        def make(library: Library, key: str = "", client: str = "127.0.0.1") -> TestClient:
            headers = {"Authorization": f"Bearer {key}"} if key else {}
            made = TestClient(
                app_of(library), base_url=f"http://{OWN}", client=(client, 50000),
                headers=headers, raise_server_exceptions=False,
            )  # fmt: skip
            return opened.enter_context(made)  # one event loop for all its requests

        yield make


def api_of(library: Library) -> Starlette:
    """Return the app that `ranklens serve` serves, over an open library."""
    return serve.app.alone(OpenLibrary(lambda: library, lambda: library.settings))


@contextmanager
def served(library: Library) -> Iterator[str]:
    """Serve the API of an open library over HTTP, in a thread; yields host and port."""
    port = free_port()
    server = uvicorn.Server(uvicorn.Config(api_of(library), port=port, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.01)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


@pytest.fixture
def api(stocked: Library, client_of: MakeClient) -> TestClient:
    """A program on this machine that asks the API of the stocked library, without a key."""
    return client_of(stocked)
