"""What folder, database and bucket do alike, and what becomes of faults."""

from __future__ import annotations

import io
import itertools
import os
import socket
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256

import pytest

from rag.errors import DocumentError, FilesUnavailable, LibraryError, NotThere, SettingsError
from rag.settings import Settings
from rag.store.catalogue import Catalogue
from rag.store.files import bucket as buckets
from rag.store.files import copies, rows
from rag.store.files.bucket import BucketFiles
from rag.store.files.choice import files_of
from rag.store.files.copies import Copies, read
from rag.store.files.folder import FolderFiles
from rag.store.files.rows import RowFiles

MB = 1 << 20


@pytest.fixture(params=["folder", "sqlite", "postgresql", "bucket"])
def files(request, tmp_path):
    if request.param == "folder":
        yield FolderFiles(tmp_path / "library")
    elif request.param == "bucket":
        yield BucketFiles(request.getfixturevalue("bucket"))
    else:
        in_file = request.param == "sqlite"
        where = tmp_path / "c.sqlite" if in_file else request.getfixturevalue("postgres")
        catalogue = Catalogue(where)
        yield RowFiles(catalogue.engine, 100)
        catalogue.close()


@pytest.fixture
def put(files, tmp_path):
    def put(key, data, **how):
        path = tmp_path / "source"
        path.write_bytes(data)
        files.put(key, path, **how)
        return path

    return put


def test_what_is_put_is_there_until_it_is_deleted(files, put):
    assert files.stat("files/a") is None
    assert list(files.list("files")) == []
    source = put("files/a", b"moon")
    assert source.read_bytes() == b"moon"
    put("files/empty", b"")
    put("measured/b.json.gz", b"mars", give=True)
    assert (read(files, "files/a"), read(files, "files/empty")) == (b"moon", b"")
    assert {one.key: one.size for one in files.list("files")} == {"files/a": 4, "files/empty": 0}
    assert files.stat("measured/b.json.gz") == next(iter(files.list("measured")))
    before = files.stat("files/a")
    put("files/a", b"the moon again")
    assert read(files, "files/a") == b"the moon again"
    assert files.stat("files/a").changed >= before.changed
    files.delete("files/a")
    files.delete("files/a")
    with pytest.raises(NotThere, match="files/a"):
        read(files, "files/a")
    assert [one.key for one in files.list("files")] == ["files/empty"]


def test_a_folder_of_keys_is_no_beginning_of_a_name(files, put):
    put("files/a", b"1")
    put("files-of-others/a", b"2")
    put("files/100_a", b"3")
    assert {one.key for one in files.list("files")} == {"files/a", "files/100_a"}


WRONG = ["", "/etc/passwd", "../a", "files/../../a", "a//b", "a/.hidden", "a\\b", "a\0b", "a/b\n",
         "C:/a", "a/b/c/d/e", "é/a", "a" * 200, "files/"]  # fmt: skip


def test_keys_that_could_lead_elsewhere_are_refused(files, tmp_path):
    (tmp_path / "source").write_bytes(b"x")
    uses = (
        lambda key: files.put(key, tmp_path / "source"),
        lambda key: read(files, key),
        lambda key: files.place(key),
        lambda key: files.stat(key),
        lambda key: list(files.list(key)),
        lambda key: files.delete(key),
    )
    for use, key in itertools.product(uses, WRONG):
        with pytest.raises(LibraryError, match="cannot be kept under the name"):
            use(key)
    assert (tmp_path / "source").exists()


def test_a_large_file_comes_back_as_it_was(files, tmp_path):
    data = os.urandom(MB) * 20 + b"the end"
    (tmp_path / "large").write_bytes(data)
    files.put("files/large", tmp_path / "large")
    assert files.stat("files/large").size == len(data)
    copied = Copies(files, tmp_path / "copies", 100).path("files/large", sha256(data).hexdigest())
    assert copied.read_bytes() == data


def test_of_two_who_put_under_one_key_one_stays_whole(files, tmp_path):
    for letter in (b"a", b"b"):
        (tmp_path / letter.decode()).write_bytes(letter * 3 * MB)

    def use(letter):
        for _ in range(3):
            files.put("files/x", tmp_path / letter)
            target = io.BytesIO()
            files.fetch("files/x", target)
            found = target.getvalue()
            assert found in (b"a" * 3 * MB, b"b" * 3 * MB)

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(use, ("a", "b")))
    assert len(list(files.list("files"))) == 1


def test_a_put_that_fails_leaves_what_was_there(files, put, tmp_path):
    put("files/a", b"moon")
    for source in (tmp_path / "gone", tmp_path):
        with pytest.raises((OSError, FilesUnavailable, LibraryError)):
            files.put("files/a", source)
    assert read(files, "files/a") == b"moon"
    assert [one.key for one in files.list("files")] == ["files/a"]


def test_copies_are_made_once_checked_and_dropped(files, put, tmp_path):
    digest = sha256(b"moon").hexdigest()
    put(f"files/{digest}", b"moon")
    held = Copies(files, tmp_path / "copies", 0)
    path = held.path(f"files/{digest}", digest)
    assert path.read_bytes() == b"moon"
    if files.place("files/a"):
        assert path == files.place(f"files/{digest}")
        return
    assert path.stat().st_mode & 0o077 == 0
    files.delete(f"files/{digest}")
    assert held.path(f"files/{digest}", digest) == path
    held.drop(digest)
    with pytest.raises(NotThere):
        held.path(f"files/{digest}", digest)
    assert list((tmp_path / "copies").iterdir()) == []


def test_copies_over_the_limit_go_if_nobody_used_them_lately(tmp_path, postgres):
    catalogue = Catalogue(postgres)
    files = RowFiles(catalogue.engine, 10)
    held = Copies(files, tmp_path / "copies", 1)
    digests = []
    for number in range(4):
        data = bytes([number]) * (MB // 2)
        (tmp_path / "source").write_bytes(data)
        digests.append(sha256(data).hexdigest())
        files.put(f"files/{digests[-1]}", tmp_path / "source")
    old = [held.path(f"files/{digest}", digest) for digest in digests[:3]]
    assert all(path.exists() for path in old)  # over the limit, but in use
    for path in old[:2]:
        os.utime(path, (1, 1))
    last = held.path(f"files/{digests[3]}", digests[3])
    assert [path.exists() for path in (*old, last)] == [False, False, True, True]
    held.keep_only(lambda: pytest.fail("every copy is in use: what is known is not asked for"))
    os.utime(last, (1, 1))
    held.keep_only(lambda: {digests[2]})
    assert not last.exists()
    assert old[2].exists()
    catalogue.close()


def test_a_file_that_is_too_large_for_the_database_is_refused(tmp_path):
    catalogue = Catalogue(tmp_path / "c.sqlite")
    files = RowFiles(catalogue.engine, 1)
    (tmp_path / "source").write_bytes(b"x" * (MB + 1))
    with pytest.raises(DocumentError, match=r"more than the 1 MB.*database_file_mb.*files_url"):
        files.put("files/a", tmp_path / "source")
    catalogue.close()


def test_a_damaged_file_of_the_database_is_noticed(tmp_path):
    catalogue = Catalogue(tmp_path / "c.sqlite")
    files = RowFiles(catalogue.engine, 1)
    (tmp_path / "source").write_bytes(b"moon")
    files.put("files/a", tmp_path / "source")
    with catalogue.engine.begin() as db:
        db.execute(rows.stored_pieces.update().values(data=b"mars"))
    with pytest.raises(LibraryError, match="not the one that was put there"):
        read(files, "files/a")
    catalogue.close()


def test_a_damaged_object_of_a_bucket_is_noticed(bucket, tmp_path):
    files = BucketFiles(bucket)
    (tmp_path / "source").write_bytes(b"moon")
    files.put("files/a", tmp_path / "source")
    files._api.put(files._store, "files/a", b"mars", attributes={"sha256": "0" * 64})
    with pytest.raises(LibraryError, match="not the one that was put there"):
        read(files, "files/a")


def test_wrong_keys_are_explained_and_not_shown(bucket, tmp_path, monkeypatch):
    (tmp_path / "source").write_bytes(b"x")
    BucketFiles(bucket).put("files/a", tmp_path / "source")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "wrong-secret-1234")
    files = BucketFiles(bucket)
    for use in (
        lambda: files.put("files/b", tmp_path / "source"),
        lambda: read(files, "files/a"),
        lambda: files.stat("files/a"),
        lambda: list(files.list("files")),
        lambda: files.delete("files/a"),
    ):
        with pytest.raises(FilesUnavailable, match="the bucket ranklens refuses") as refused:
            use()
        assert "secret" not in str(refused.value).replace("AWS_SECRET_ACCESS_KEY", "").lower()
        assert "test-key" not in str(refused.value)


@pytest.mark.usefixtures("bucket")
def test_a_bucket_that_is_not_there_is_named():
    files = BucketFiles("s3://no-such-bucket")
    with pytest.raises(FilesUnavailable, match=r"no-such-bucket does not exist.*files_url"):
        list(files.list("files"))


def test_a_server_that_is_gone_is_an_error_in_words(tmp_path, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "some-secret")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    files = BucketFiles("s3://ranklens")
    (tmp_path / "source").write_bytes(b"x")
    for use in (lambda: files.put("files/a", tmp_path / "source"), lambda: files.stat("files/a")):
        with pytest.raises(FilesUnavailable, match="cannot be reached") as away:
            use()
        assert "some-secret" not in str(away.value)


def test_a_server_that_says_nothing_has_a_deadline(monkeypatch):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.setenv(name, "x")
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setattr(buckets, "REQUEST_SECONDS", 0.2)
        monkeypatch.setattr(buckets, "RETRIES", 1)
        with pytest.raises(FilesUnavailable, match="does not answer in time"):
            BucketFiles("s3://ranklens").stat("files/a")


@pytest.mark.parametrize(
    "address",
    ["ranklens", "http://x/ranklens", "s3://", "s3://key:secret@ranklens", "s3://ranklens?x=1",
     "s3://Ranklens", "s3://[", "s3://ranklens#a", "s3://ranklens/a b"],
)  # fmt: skip
def test_addresses_of_no_bucket_are_refused(address):
    with pytest.raises((SettingsError, LibraryError)) as refused:
        buckets.parsed(address)
    assert "secret@" not in str(refused.value)


def test_a_prefix_is_a_part_of_the_address():
    assert buckets.parsed("s3://ranklens") == ("ranklens", "")
    assert buckets.parsed("s3://ranklens/a/b/") == ("ranklens", "a/b")


def test_the_settings_choose(tmp_path, postgres, bucket):
    given = Settings(library=tmp_path)
    assert isinstance(files_of(given), FolderFiles)
    assert isinstance(files_of(given.updated(database_url=postgres)), RowFiles)
    assert isinstance(files_of(given.updated(database_url=postgres, files_url=bucket)), BucketFiles)
    assert isinstance(files_of(given.updated(files_url=bucket)), BucketFiles)


def test_a_copy_in_use_stays_for_an_hour():
    assert 2 * Settings().ocr_seconds <= copies.IN_USE  # reading pictures opens it again and again
