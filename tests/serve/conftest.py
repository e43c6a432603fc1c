"""A small real library of three documents with a fake encoder, and its API in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

import serve.app
from rag.settings import Settings
from ranklens.library import Library
from serve.library import OpenLibrary
from tests.fakes import WordEncoder

OWN = "127.0.0.1:8600"
DOCUMENTS = {
    "moon.md": "# Moon\n\nThe moon pulls the tide.\n\n# Probe\n\nA probe landed on the moon.",
    "mars.txt": "Mars has two moons. A probe circles mars in a wide orbit.",
    "comet.txt": "A comet has a tail near the sun. Its orbit is long.",
}
MakeClient = Callable[..., TestClient]


def open_library(folder: Path, **options: object) -> Library:
    """Open a library with the fake encoder; documents are indexed when they are added."""
    settings = Settings(library=folder / "library", cache=folder, reranker="none", **options)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ranklens.library.load_encoder", lambda _settings: WordEncoder())
        return Library.open(settings)


def stock(library: Library, folder: Path) -> None:
    """Add `DOCUMENTS` to a library."""
    source = folder / "source"
    source.mkdir()
    for name, text in DOCUMENTS.items():
        (source / name).write_text(text, "utf-8")
    assert {outcome.status for outcome in library.add([source])} == {"added"}


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A library of three documents for a module's tests, without keys."""
    folder = tmp_path_factory.mktemp("stocked")
    with open_library(folder) as library:
        stock(library, folder)
        yield library


@pytest.fixture
def client_of() -> Iterator[MakeClient]:
    """Make a client of a library's API: ``key`` it sends, ``client`` is where it calls from."""
    opened: list[TestClient] = []

    def make(library: Library, key: str = "", client: str = "127.0.0.1", host: str = OWN):
        app = serve.app.alone(OpenLibrary(lambda: library, lambda: library.settings))
        app.router.lifespan_context = None  # the library outlives this client
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        made = TestClient(
            app, base_url=f"http://{host}", client=(client, 50000), headers=headers,
            raise_server_exceptions=False,
        )  # fmt: skip
        opened.append(made)
        return made

    yield make
    for one in opened:
        one.close()


@pytest.fixture
def api(stocked: Library, client_of: MakeClient) -> TestClient:
    """A program on this machine that asks the API of the stocked library, without a key."""
    return client_of(stocked)
