"""The library's copies: of regular files only, and never more than the limit."""

import os
import tempfile
from hashlib import sha256

import pytest

from ingest.files import Files
from rag.errors import DocumentError
from rag.text.regular import NOT_REGULAR

MB = 1 << 20
pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")


@pytest.fixture
def files(tmp_path):
    return Files(tmp_path / "files")


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

    monkeypatch.setattr("ingest.files.tempfile.mkstemp", grown)
    with pytest.raises(DocumentError, match=r"more than 1 MB.*max_file_mb"):
        files.keep(path, 1)
    assert kept(tmp_path) == []
