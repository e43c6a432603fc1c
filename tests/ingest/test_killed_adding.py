"""A process is killed while it adds or removes a file: nothing is lost, and nothing left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ranklens.library import Library
from tests.serve.conftest import open_library

ROOT = Path(__file__).resolve().parents[2]
OLD, NEW = "The moon pulls the tide.", "The comet has a tail of dust."
# The call that the process does not live to make, and what it was about to do.
BEFORE = {
    "index.catalogue.add_document": "add",  # the file is put, no row names it
    "_forget": "add",  # the row is there, what it takes the place of too
    "_files.drop": "remove",  # the row is marked as removed, its file is there
    "index.clear": "remove",  # the file is gone, chunks and texts are there
}
PROCESS = """
import os, signal, sys
from operator import attrgetter
from pathlib import Path
from tests.serve.conftest import open_library

folder, url, point, action = sys.argv[1:]
library = open_library(Path(folder), **({"database_url": url} if url else {}))
owner, _, name = f"library.{point}".rpartition(".")
owner = attrgetter(owner)(sys.modules["__main__"])
setattr(owner, name, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
if action == "add":
    library.enqueue(Path(folder) / "new" / "moon.txt")
else:
    library.remove("moon.txt")
"""


def slow(point: str, where: str) -> pytest.ParameterSet:
    """The first of them is quick enough for every run of the tests."""
    quick = (point, where) == ("index.catalogue.add_document", "postgresql")
    return pytest.param(point, where, marks=() if quick else pytest.mark.long)


@pytest.fixture
def url(request: pytest.FixtureRequest, where: str) -> str:
    return str(request.getfixturevalue("postgres")) if where == "postgresql" else ""


def opened(folder: Path, url: str) -> Library:
    return open_library(folder, **({"database_url": url} if url else {}))


@pytest.fixture
def sources(tmp_path: Path) -> Iterator[Path]:
    for name, text in (("old", OLD), ("new", NEW)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "moon.txt").write_text(text)
    return tmp_path


@pytest.mark.parametrize(
    ("point", "where"), [slow(p, w) for w in ("postgresql", "sqlite") for p in BEFORE]
)
def test_a_killed_process_loses_nothing_and_leaves_nothing(
    point: str, where: str, url: str, sources: Path, monkeypatch: pytest.MonkeyPatch
):
    with opened(sources, url) as library:
        library.add([sources / "old" / "moon.txt"])
        digest = library.document("moon.txt").digest
        library._texts.keep(digest, "1", "reader", "a picture of the moon")
    command = (sys.executable, "-c", PROCESS, sources, url, point, BEFORE[point])
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert ended.returncode == -signal.SIGKILL, ended.stderr
    monkeypatch.setattr("ingest.originals.ORPHANED", -1.0)
    with opened(sources, url) as library:
        library.sweep_files(every=-1.0)
        documents = library.documents()
        assert files(library) == {document.digest for document in documents}
        assert library.index.catalogue.leftovers() == []
        removed = BEFORE[point] == "remove"
        assert bool(library._texts.of(digest, "reader")) is not removed
        assert [one.status for one in documents if one.digest == digest] == ["ready"][removed:]
        assert removed or library.text("moon.txt") == OLD
        library.add([sources / "new" / "moon.txt"])
        assert library.text("moon.txt") == NEW
        assert files(library) == {library.document("moon.txt").digest}
        assert library.verify().problems == ()


def files(library: Library) -> set[str]:
    return {one.key.rpartition("/")[2] for one in library._files._files.list("files")}


def test_the_file_of_a_version_that_a_newer_one_overtakes_is_deleted(postgres, sources: Path):
    """The older one is still being indexed by another host when the newer one is published."""
    with opened(sources, postgres) as library, opened(sources, postgres) as other:
        other.enqueue(sources / "old" / "moon.txt")
        assert other.index.claim()
        library.add([sources / "new" / "moon.txt"])
        assert files(library) == {library.document("moon.txt").digest}
