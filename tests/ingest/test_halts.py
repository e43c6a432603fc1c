"""What becomes of the background worker if the disk, SQLite or something unknown fails."""

import errno
import sqlite3
import time

import pytest
from sqlalchemy.exc import OperationalError

import ranklens.library
from ranklens.library import Library
from tests.fakes import WordEncoder

FULL = sqlite3.OperationalError("database or disk is full")


@pytest.fixture
def library(settings, monkeypatch):
    monkeypatch.setattr(ranklens.library, "load_encoder", lambda settings: WordEncoder())
    with Library.open(settings) as opened:
        opened.look_again = 0.1
        yield opened


def until(holds):
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "full"),
        (OSError(errno.EROFS, "Read-only file system"), "read-only"),
        (OSError(errno.EIO, "Input/output error"), "faulty"),
    ],
)
@pytest.mark.parametrize("part", ["lexical", "vectors", "catalogue"])
def test_a_failing_disk_is_shown_and_the_work_goes_on_by_itself(
    library, tmp_path, monkeypatch, error, shown, part
):
    name = {"lexical": "add", "vectors": "add", "catalogue": "add_chunks"}[part]
    broken = {"is": True}
    works = getattr(getattr(library.index, part), name)

    def fails(*arguments):
        if broken["is"]:
            raise error
        return works(*arguments)

    monkeypatch.setattr(getattr(library.index, part), name, fails)
    path = tmp_path / "a.txt"
    path.write_text("the moon and the tide")
    library.start_worker()
    library.enqueue(path)
    until(lambda: library.progress().problem)
    assert shown in library.progress().problem
    assert library.progress().waits
    assert [d.status for d in library.documents()] == ["queued"]
    broken["is"] = False
    until(lambda: [d.status for d in library.documents()] == ["ready"])
    assert library.progress().problem == ""
    assert library.verify().problems == ()


@pytest.mark.parametrize("error", [RuntimeError("?"), OperationalError("x", {}, FULL), KeyError(1)])
def test_no_error_ends_the_worker(library, tmp_path, monkeypatch, error):
    def fails(*arguments):
        raise error

    path = tmp_path / "a.txt"
    path.write_text("the moon and the tide")
    library.start_worker()
    with monkeypatch.context() as patched:
        patched.setattr(library.index, "add", fails)
        library.enqueue(path)
        until(lambda: library.progress().problem)
        assert type(error).__name__ not in library.progress().problem
    other = tmp_path / "b.txt"
    other.write_text("the sun and the comet")
    library.enqueue(other)
    until(lambda: [d.status for d in library.documents()] == ["ready", "ready"])
