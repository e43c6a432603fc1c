"""Loaders of other packages, found by their entry points."""

import pytest

from ingest.loaders import GROUP, LOADERS, load, read, suffixes
from rag.errors import DocumentError
from ranklens.adding import find
from tests.ingest.build import SENTENCE
from tests.plugin_packages import Install, installer

SOURCE = """
from ingest.loaders import Block, Loaded, Page
from rag.errors import DocumentError

def load(path, password):
    return [Page(None, (Block(path.read_text().upper()),))]
def partly(path, password):
    return Loaded(load(path, password), ("the drawing on line 2 was not read",))
def broken(path, password):
    raise RuntimeError("no licence")
def refusing(path, password):
    raise DocumentError("it is no note")
def careless(path, password):
    return ["text"]
number = 7
"""


@pytest.fixture
def install_plugin(tmp_path, monkeypatch) -> Install:
    folder = tmp_path / "packages"
    folder.mkdir()
    return installer(folder, monkeypatch)


@pytest.fixture
def note(tmp_path):
    path = tmp_path / "a.note"
    path.write_text(SENTENCE)
    return path


@pytest.mark.parametrize("name", ["note", ".note", ".NOTE"])
def test_a_loader_of_another_package_reads_its_suffix(name, note, install_plugin):
    with pytest.raises(DocumentError, match=r"files named \.note are not supported"):
        load(note)
    install_plugin(GROUP, {name: "foreign:load"}, SOURCE)
    media_type, loaded = read(note)
    (page,) = loaded.pages
    assert (media_type, page.blocks[0].text) == ("application/octet-stream", SENTENCE.upper())
    assert ".note" in suffixes()
    (file,) = find([note.parent / "a.note"])
    assert file.refused is None


def test_a_loader_of_another_package_names_what_it_did_not_read(note, install_plugin):
    install_plugin(GROUP, {"note": "foreign:partly"}, SOURCE)
    assert read(note)[1].warnings == ("the drawing on line 2 was not read",)


def test_files_of_a_plugin_in_a_folder_are_found(note, install_plugin):
    install_plugin(GROUP, {"note": "foreign:load"}, SOURCE)
    assert [f.refused for f in find([note.parent]) if f.path == note] == [None]


def test_content_that_no_loader_of_ours_reads_goes_to_the_plugin(tmp_path, install_plugin):
    install_plugin(GROUP, {"gif": "foreign:careless"}, SOURCE)
    path = tmp_path / "a.gif"
    path.write_bytes(b"GIF89a")
    with pytest.raises(DocumentError, match=r"package foreign 1\.0 returns no list"):
        load(path)


def test_a_format_of_ours_stays_ours(tmp_path, install_plugin):
    install_plugin(GROUP, {"txt": "foreign:load"}, SOURCE)
    path = tmp_path / "a.txt"
    path.write_text(SENTENCE)
    assert load(path)[0].blocks[0].text == SENTENCE
    assert suffixes()[".txt"] == LOADERS[".txt"]


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("foreign:broken", r"failed \(RuntimeError: no licence\)"),
        ("foreign:careless", r"returns no list of ingest\.loaders\.Page"),
        ("foreign:number", r"is no function load\(path, password\)"),
        ("foreign:missing", r"cannot be loaded \(AttributeError"),
        ("nowhere:load", r"cannot be loaded \(ModuleNotFoundError"),
    ],
)
def test_a_broken_plugin_is_an_error_that_names_the_package(value, problem, note, install_plugin):
    install_plugin(GROUP, {"note": value}, SOURCE)
    with pytest.raises(DocumentError, match=rf"plugin note of the package foreign 1\.0 {problem}"):
        load(note)


def test_what_a_plugin_says_of_a_document_is_kept(note, install_plugin):
    install_plugin(GROUP, {"note": "foreign:refusing"}, SOURCE)
    with pytest.raises(DocumentError, match=r"^it is no note$"):
        load(note)
