"""The library's copies: of regular files only, and never more than the limit."""

import os
import tempfile
from hashlib import sha256

import pytest

from ingest.originals import Originals
from rag.errors import DocumentError
from rag.settings import Settings
from rag.store.catalogue import Catalogue
from rag.text.regular import NOT_REGULAR

MB = 1 << 20
pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")


@pytest.fixture
def files(tmp_path):
    return Originals(Settings(library=tmp_path))


def kept(tmp_path):
    return list((tmp_path / "files").iterdir())


def test_a_link_to_a_file_is_copied_with_its_size(files, tmp_path):
    (tmp_path / "a.txt").write_bytes(b"moon")
    (tmp_path / "link.txt").symlink_to("a.txt")
    assert files.keep(tmp_path / "link.txt", 1) == (sha256(b"moon").hexdigest(), 4)


# /dev/zero is what never ends; a test that fails should not fill the disk.
def test_a_link_to_a_device_is_refused(files, tmp_path):
    (tmp_path / "notes.txt").symlink_to(os.devnull)
    with pytest.raises(DocumentError, match=NOT_REGULAR):
        files.keep(tmp_path / "notes.txt", 1)
    assert kept(tmp_path) == []


@pytest.mark.timeout(10)
def test_a_pipe_is_refused_instead_of_waited_for(files, tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    with pytest.raises(DocumentError, match=NOT_REGULAR):
        files.keep(tmp_path / "pipe.txt", 1)


@pytest.mark.timeout(10)
def test_a_pipe_in_place_of_a_file_is_found_after_opening(files, tmp_path, monkeypatch):
    os.mkfifo(tmp_path / "pipe.txt")
    (tmp_path / "a.txt").touch()
    regular = (tmp_path / "a.txt").stat()
    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.stat", lambda _path, **_more: regular)
        with pytest.raises(DocumentError, match=NOT_REGULAR):
            files.keep(tmp_path / "pipe.txt", 1)


def test_a_file_that_grows_while_it_is_copied_stops_at_the_limit(files, tmp_path, monkeypatch):
    path, begin = tmp_path / "log.txt", tempfile.mkstemp
    path.write_bytes(b"x")

    def grown(**given):
        path.write_bytes(b"x" * (2 * MB))
        return begin(**given)

    monkeypatch.setattr("ingest.originals.tempfile.mkstemp", grown)
    with pytest.raises(DocumentError, match=r"more than 1 MB.*max_file_mb"):
        files.keep(path, 1)
    assert kept(tmp_path) == []


@pytest.fixture
def shared(postgres, tmp_path):
    """The originals of two hosts that have nothing but a database in common."""
    catalogue = Catalogue(postgres)
    hosts = [
        Settings(library=tmp_path / n, cache=tmp_path / f"{n} cache", database_url=postgres)
        for n in ("a", "b")
    ]
    yield [Originals(one) for one in hosts]
    catalogue.close()


def test_another_host_fetches_what_one_keeps(shared, tmp_path):
    here, there = shared
    (tmp_path / "a.txt").write_bytes(b"moon")
    digest, _ = here.keep(tmp_path / "a.txt", 1)
    assert there.has(digest)
    assert there.path(digest).read_bytes() == b"moon"
    here.drop(digest)
    with pytest.raises(DocumentError, match="its original is not in the library's database"):
        here.path(digest)


def test_what_no_document_has_is_swept_once_it_is_old(shared, tmp_path, monkeypatch):
    here, there = shared
    digests = []
    for name in ("known", "orphan"):
        (tmp_path / name).write_bytes(name.encode())
        digests.append(here.keep(tmp_path / name, 1)[0])
    assert there.sweep(set) == 0  # somebody may be adding them just now
    monkeypatch.setattr("ingest.originals.ORPHANED", -1.0)
    assert there.sweep(lambda: {digests[0]}) == 1
    assert [here.has(digest) for digest in digests] == [True, False]


def test_what_gets_a_document_while_others_sweep_stays(shared, postgres, tmp_path, monkeypatch):
    here, there = shared
    (tmp_path / "a.txt").write_bytes(b"moon")
    digest, size = here.keep(tmp_path / "a.txt", 1)
    monkeypatch.setattr("ingest.originals.ORPHANED", -1.0)
    catalogue = Catalogue(postgres)

    def known():
        catalogue.add_document("a.txt", size, digest)
        return set()

    assert there.sweep(known, catalogue.if_unused) == 0
    assert here.has(digest)
    catalogue.close()


def test_a_common_folder_of_before_is_still_read(shared, tmp_path):
    here = shared[0]
    digest = sha256(b"old").hexdigest()
    (tmp_path / "a" / "files").mkdir(parents=True)
    (tmp_path / "a" / "files" / digest).write_bytes(b"old")
    assert here.path(digest).read_bytes() == b"old"
    here.drop(digest)
    assert not (tmp_path / "a" / "files" / digest).exists()


def test_two_libraries_of_one_bucket_sweep_nothing_of_each_other(bucket, tmp_path, monkeypatch):
    monkeypatch.setattr("ingest.originals.ORPHANED", -1e6)
    first, second = (
        Originals(Settings(library=tmp_path / n, cache=tmp_path / f"{n} cache", files_url=bucket))
        for n in ("a", "b")
    )
    (tmp_path / "a.txt").write_bytes(b"moon")
    digest, _ = first.keep(tmp_path / "a.txt", 1)
    assert first.sweep(lambda: {digest}) == 0
    assert second.sweep(set) == 0
    assert first.has(digest)
    assert first.sweep(set) == 1
