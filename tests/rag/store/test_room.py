"""Room on the disk: the reserve, the limit, and errors that mean a full disk."""

import errno
import shutil
import sqlite3

import pytest

from rag.errors import StorageError
from rag.store.catalogue import Catalogue
from rag.store.durable import write_file
from rag.store.room import RESERVE, Room, storage_error


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOSPC, "x"), "full"),
        (OSError(errno.EROFS, "x"), "read-only"),
        (sqlite3.OperationalError("database or disk is full"), "full"),
        (sqlite3.OperationalError("attempt to write a readonly database"), "read-only"),
        (sqlite3.OperationalError("disk I/O error"), "faulty"),
        (RuntimeError("Database error: (code: 13) database or disk is full"), "full"),
    ],
)
def test_errors_of_the_disk_are_known(error, words):
    assert words in str(storage_error(error))


@pytest.mark.parametrize(
    "error", [sqlite3.OperationalError("no such table: x"), ValueError("2"), OSError(2, "x")]
)
def test_other_errors_are_not(error, tmp_path):
    assert storage_error(error) is None
    assert storage_error(error, tmp_path) is None


def leaves(monkeypatch, free):
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(9, 9, free))


def test_an_unclear_error_on_a_full_disk_is_the_disks(monkeypatch, tmp_path):
    leaves(monkeypatch, 1000)
    assert "full" in str(storage_error(RuntimeError("Error purging logs"), tmp_path))


def test_the_limit_counts_what_is_coming(monkeypatch, tmp_path):
    leaves(monkeypatch, 10 << 20)
    Room(tmp_path, 10).check()
    Room(tmp_path, 0).check(1 << 30)
    with pytest.raises(StorageError, match="min_free_mb"):
        Room(tmp_path, 10).check(1)


def test_the_reserve_is_kept_while_there_is_room_and_given_up_when_needed(monkeypatch, tmp_path):
    room, reserve = Room(tmp_path, 1), tmp_path / ".reserve"
    leaves(monkeypatch, (1 << 20) + RESERVE - 1)
    room.prepare()
    assert not reserve.exists()
    leaves(monkeypatch, (1 << 20) + RESERVE)
    room.prepare()
    assert reserve.stat().st_size == RESERVE
    room.require(1 << 20)
    assert reserve.exists()
    leaves(monkeypatch, 1000)
    with pytest.raises(StorageError, match="full"):
        room.require(1 << 20)
    assert not reserve.exists()


def test_without_a_limit_there_is_no_reserve(tmp_path):
    Room(tmp_path, 0).prepare()
    assert list(tmp_path.iterdir()) == []


def test_every_user_of_the_catalogues_engine_gets_the_reason(tmp_path):
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    with catalogue.engine.connect() as db:
        db.exec_driver_sql("PRAGMA query_only = ON")
        with pytest.raises(StorageError, match="read-only"):
            db.exec_driver_sql("DELETE FROM votes")
        db.exec_driver_sql("PRAGMA query_only = OFF")
    catalogue.close()


def test_a_file_that_finds_no_room_leaves_nothing_behind(monkeypatch, tmp_path):
    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match="full"):
        write_file(tmp_path / "a", b"x")
    assert list(tmp_path.iterdir()) == []
