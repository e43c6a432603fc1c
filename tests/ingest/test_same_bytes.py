"""The same bytes are added and removed at once: they are in the library once, with their file.

By threads of one process over a folder, and by two processes on one database.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import text

from ranklens.library import Library
from tests.serve.conftest import open_library

Pair = tuple[Library, Library]
PATIENCE = 60  # seconds


@pytest.fixture(params=["sqlite", "postgresql"])
def pair(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Pair]:
    """Two hosts of one library, or one library twice."""
    with ExitStack() as stack:
        if request.param == "sqlite":
            one = stack.enter_context(open_library(tmp_path))
            yield one, one
            return
        url = request.getfixturevalue("postgres")
        first = stack.enter_context(open_library(tmp_path, database_url=url))
        yield first, stack.enter_context(open_library(tmp_path, database_url=url))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "moon.txt"
    path.write_text("The moon pulls the tide.")
    return path


def test_bytes_that_two_add_at_once_are_there_once(
    pair: Pair, file: Path, monkeypatch: pytest.MonkeyPatch
):
    first, second = pair
    looked_up = first.index.catalogue.documents
    outcomes = []

    def then_another_adds_them(*statuses, **by):
        found = looked_up(*statuses, **by)
        if "digest" in by and not outcomes:
            outcomes.append(None)
            outcomes[0] = second.enqueue(file, "same.txt")
        return found

    monkeypatch.setattr(first.index.catalogue, "documents", then_another_adds_them)
    outcome = first.enqueue(file)
    assert outcomes[0].status == "queued"
    assert (outcome.status, outcome.reason) == (
        "unchanged",
        "the same bytes are already in the library as 'same.txt'",
    )
    assert [document.name for document in first.documents()] == ["same.txt"]


def test_bytes_whose_document_is_removed_meanwhile_are_kept(
    pair: Pair, file: Path, monkeypatch: pytest.MonkeyPatch
):
    first, second = pair
    first.add([file])
    keep = first._files.keep
    removed = []

    def then_another_removes_them(*arguments):
        kept = keep(*arguments)
        if not removed:
            removed.append(second.remove("moon.txt"))
        return kept

    monkeypatch.setattr(first._files, "keep", then_another_removes_them)
    assert first.enqueue(file, "again.txt").status == "queued"
    assert [one.status for one in first.work()] == ["added"]
    assert first.text("again.txt") == file.read_text()


def test_bytes_that_are_being_dropped_are_added_after_that(
    pair: Pair, file: Path, monkeypatch: pytest.MonkeyPatch
):
    first, second = pair
    first.add([file])
    drop = first._files.drop
    outcomes = []
    adding = threading.Thread(target=lambda: outcomes.append(second.enqueue(file, "again.txt")))

    def while_another_adds_them(digest: str) -> None:
        adding.start()
        _wait_for(first, adding)
        drop(digest)

    monkeypatch.setattr(first._files, "drop", while_another_adds_them)
    first.remove("moon.txt")
    adding.join(PATIENCE)
    assert outcomes[0].status == "queued"
    assert [one.status for one in second.work()] == ["added"]
    assert second.text("again.txt") == file.read_text()


def _wait_for(library: Library, adding: threading.Thread) -> None:
    """Wait until a thread waits for a lock of the database; SQLite has nothing to look at."""
    if not library.shared:
        adding.join(0.2)
        return
    query = text(
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory'"
        " AND datname = current_database()"
    )
    engine = library.index.catalogue.engine.execution_options(isolation_level="AUTOCOMMIT")
    deadline = time.monotonic() + PATIENCE
    with engine.connect() as db:
        while not db.scalar(query):
            assert time.monotonic() < deadline
            time.sleep(0.01)
