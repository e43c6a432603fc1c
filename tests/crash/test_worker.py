"""`ranklens worker` is killed at each step of a publication, and by a document that it indexes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import text, update

from rag.store.schema import documents
from ranklens.library import Library
from tests.crash.worker import POISON
from tests.serve.conftest import open_library

Run = Callable[[int], str]
MOST_STEPS = 60
PATIENCE = 60  # seconds
FORMER, NEW = "The moon is old.", "The moon is new. It pulls the tide."


@pytest.fixture
def library(postgres: str, tmp_path: Path) -> Iterator[Library]:
    """A host that indexes nothing itself."""
    with open_library(tmp_path, database_url=postgres, index_here=False) as opened:
        yield opened


@pytest.fixture
def worker(postgres: str, tmp_path: Path, library: Library) -> Iterator[Run]:
    """A function that runs a worker which dies at a step (0: never); returns how it ended."""
    settings = {
        "RANKLENS_LIBRARY": str(tmp_path / "library"),
        "RANKLENS_CACHE": str(tmp_path),
        "RANKLENS_RERANKER": "none",
        "RANKLENS_DATABASE_URL": postgres,
        "PYTHONPATH": str(Path(__file__).parents[2]),
    }
    command = [sys.executable, "-m", "tests.crash.worker"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "cwd": tmp_path}
    with subprocess.Popen(command, env=os.environ | settings, **pipes) as process:

        def run(step: int) -> str:
            process.stdin.write(f"{step}\n")
            process.stdin.flush()
            while (line := process.stdout.readline().strip()).startswith(("added", "replaced")):
                pass  # what the worker prints
            return line

        yield run
        process.stdin.close()


def leases_run_out(library: Library, forgiven: bool) -> None:
    """Let what a killed worker had claimed be anybody's; ``forgiven``: no attempt is counted."""
    engine = library.index.catalogue.engine
    open_ones = text(
        "SELECT count(*) FROM pg_stat_activity WHERE state LIKE '%in transaction%'"
        " AND datname = current_database() AND pid <> pg_backend_pid()"
    )
    plain = engine.execution_options(isolation_level="AUTOCOMMIT")
    with plain.connect() as db:
        deadline = time.monotonic() + PATIENCE
        while db.scalar(open_ones):  # the server has not noticed yet that it is gone
            assert time.monotonic() < deadline
            time.sleep(0.01)
    begun = update(documents).where(documents.c.status == "indexing")
    with engine.begin() as db:
        db.execute(begun.values(lease_until=0, **({"interruptions": 0} if forgiven else {})))


def check(library: Library) -> str:
    """Return the live text; everything is of one version."""
    (ready,) = library.index.catalogue.documents("ready", name="moon.txt")
    live = library.text("moon.txt")
    assert live in (FORMER, NEW)
    assert "".join(chunk.text for chunk in library.chunks("moon.txt")) == live
    assert {c.id for c in library.chunks("moon.txt")} == library.index.catalogue.live_ids()
    assert library.verify().problems == ()
    assert ready.chunks == len(library.chunks("moon.txt"))
    return live


def killed_at(steps: Iterator[int], library: Library, worker: Run, folder: Path) -> list[str]:
    """Publish a new version by workers that die at these steps; return how they ended."""
    path = folder / "moon.txt"
    path.write_text(FORMER)
    library.enqueue(path)
    assert worker(0) == "ended 0"
    assert check(library) == FORMER
    path.write_text(NEW)
    library.enqueue(path)
    ends: list[str] = []
    for step in steps:
        ends.append(worker(step))
        leases_run_out(library, forgiven=True)
        if check(library) == NEW:
            break
    return ends


@pytest.mark.long
def test_a_worker_killed_at_any_step_leaves_one_version_whole(
    library: Library, worker: Run, tmp_path: Path
):
    ends = killed_at(iter(range(1, MOST_STEPS)), library, worker, tmp_path)
    assert len(ends) > 8
    assert set(ends[:-1]) == {"killed"}
    assert worker(0) == "ended 0"
    assert check(library) == NEW


@pytest.mark.slow
def test_a_worker_killed_while_it_publishes_leaves_the_former_version(
    library: Library, worker: Run, tmp_path: Path
):
    assert killed_at(iter([6]), library, worker, tmp_path) == ["killed"]
    assert check(library) == FORMER
    assert worker(0) == "ended 0"
    assert check(library) == NEW
    assert library.search("moon").evidence


def test_a_document_that_ends_its_workers_is_given_up(
    library: Library, worker: Run, tmp_path: Path
):
    (tmp_path / "bad.txt").write_text(f"The moon, {POISON}.")
    (tmp_path / "good.txt").write_text("The moon pulls the tide. " * 20)
    for name in ("bad.txt", "good.txt"):
        library.enqueue(tmp_path / name)
    for _ in range(2):
        assert worker(0) == "killed"
        leases_run_out(library, forgiven=False)
    assert worker(0) == "ended 0"
    assert library.document("good.txt").status == "ready"
    failed = library.document("bad.txt")
    assert failed.status == "failed"
    assert "ended or was cut off twice" in failed.reason
