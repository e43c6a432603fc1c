"""What stays on the disk: nothing for other users, nothing of removed documents, no orphans."""

import io
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

import ranklens.library
from rag.errors import LibraryInUse
from ranklens.library import Library
from tests.fakes import WordEncoder

ROOT = Path(__file__).resolve().parents[2]
CANARY = "zugzwangfeather"
OTHERS = stat.S_IRWXG | stat.S_IRWXO


@pytest.fixture(autouse=True)
def words(monkeypatch):
    monkeypatch.setattr(ranklens.library, "load_encoder", lambda settings: WordEncoder())


def write(tmp_path, name, text):
    path = tmp_path / name
    path.write_text(text)
    return path


def long(word, sentences=400):
    return " ".join(f"The {word} number {n} crossed orbit {n * 7}." for n in range(sentences))


def holding(folder, word):
    """The files below ``folder`` in which a word stands.

    Chroma's graph is left out: it is given no words, but writes memory that it has not initialised
    into the unused part of its files, and what that memory held before is a matter of chance.
    """
    paths = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".bin"]
    return [path.name for path in paths if word.encode() in path.read_bytes().lower()]


def readable_by_others(folder):
    paths = [folder, *folder.rglob("*")]
    return {path.name for path in paths if path.stat().st_mode & OTHERS}


@pytest.mark.parametrize("engine", ["inverted", "rank-bm25"])
@pytest.mark.parametrize("others", [0, 3])
def test_nothing_of_a_removed_document_stays(settings, tmp_path, engine, others):
    settings = settings.updated(lexical_engine=engine)
    with Library.open(settings) as library:
        names = [f"{n}.txt" for n in range(others)]
        library.add([write(tmp_path, name, long(f"moon{name[0]}")) for name in names])
        library.add([write(tmp_path, "secret.txt", long(CANARY))])
        assert holding(settings.library, CANARY)
        library.remove("secret.txt")
        assert holding(settings.library, CANARY) == []
        assert library.verify().problems == ()
        for name in names:
            assert library.search(f"moon{name[0]}").stages[-1].hits
    assert holding(settings.library, CANARY) == []
    with Library.open(settings) as library:
        assert library.verify().problems == ()
        assert {d.name for d in library.documents()} == set(names)
        library.add([write(tmp_path, "again.txt", long(CANARY, 3))])
        assert library.search(CANARY).stages[-1].hits[0].chunk.document == "again.txt"


def test_nothing_of_a_former_version_stays(settings, tmp_path):
    with Library.open(settings) as library:
        library.add([write(tmp_path, "other.txt", long("moon"))])
        library.add([write(tmp_path, "a.txt", long(CANARY))])
        library.add([write(tmp_path, "a.txt", long("comet"))])
        assert holding(settings.library, CANARY) == []
        assert library.verify().problems == ()


def test_another_engines_files_keep_nothing_either(settings, tmp_path):
    with Library.open(settings.updated(lexical_engine="rank-bm25")) as library:
        library.add([write(tmp_path, "secret.txt", long(CANARY, 3))])
    with Library.open(settings) as library:
        library.remove("secret.txt")
    assert holding(settings.library, CANARY) == []


def test_a_new_library_is_its_users_own(settings, tmp_path):
    umask = os.umask(0o022)
    try:
        with Library.open(settings) as library:
            assert readable_by_others(settings.library) == set()
            library.add([write(tmp_path, "a.txt", "the moon")])
            library.votes.all()
            assert settings.library.stat().st_mode & OTHERS == 0
        assert readable_by_others(settings.library) == set()
    finally:
        os.umask(umask)


def test_a_library_of_before_becomes_its_users_own_and_other_files_stay(settings, tmp_path):
    with Library.open(settings) as library:
        library.add([write(tmp_path, "a.txt", "the moon")])
    foreign = settings.library / "notes.md"
    foreign.write_text("mine")
    for path in (settings.library, *settings.library.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    with Library.open(settings):
        assert readable_by_others(settings.library) == {"notes.md"}
    assert foreign.stat().st_mode & 0o777 == 0o644


def test_orphans_are_deleted_when_the_library_opens(settings, tmp_path):
    with Library.open(settings) as library:
        library.add([write(tmp_path, "a.txt", "the moon"), write(tmp_path, "b.txt", "the sun")])
        removed = library.file("b.txt")
        library.index.hide([d.id for d in library.documents() if d.name == "b.txt"])
        kept = library.file("a.txt")
    files = settings.library / "files"
    (files / "tmpabc.part").write_bytes(b"half")
    (files / ("0" * 64)).write_bytes(b"copied, and then killed before it was in the catalogue")
    (files / "README").write_bytes(b"somebody's own")
    with Library.open(settings) as library:
        assert {path.name for path in files.iterdir()} == {kept.name, "README"}
        assert not removed.exists()
        assert library.verify().problems == ()


def test_an_upload_waits_in_the_library_and_nowhere_else(settings, monkeypatch):
    with Library.open(settings) as library:
        seen = []

        def enqueue(path, name, password, parent, collection, seen_by):
            seen.append((path.parent, path.suffix, path.read_bytes(), name))

        monkeypatch.setattr(library, "enqueue", enqueue)
        library.enqueue_upload("../../evil.txt", io.BytesIO(b"bytes"))
        assert seen == [(settings.library / "files", ".part", b"bytes", "../../evil.txt")]
        assert list((settings.library / "files").iterdir()) == []


def test_in_use_names_the_command_its_process_and_since_when(settings):
    with Library.open(settings, command="ranklens run") as library:
        with pytest.raises(LibraryInUse) as refused:
            Library.open(settings)
        since = json.loads((settings.library / "owner.json").read_text())["since"]
        shown = f"in use by `ranklens run` (process {os.getpid()}, since {since})"
        assert shown in str(refused.value)
        command = [sys.executable, "-P", "-m", "ui.cli", "--library", str(settings.library)]
        done = subprocess.run(
            [*command, "documents"], cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        assert shown in done.stderr
        assert library.documents() == []


def test_the_command_line_and_the_page_say_what_they_are(settings, monkeypatch):
    from ui import served
    from ui.cli import main

    shown = []
    opened = Library.open

    def noted(settings, **options):
        shown.append(options["command"])
        return opened(settings, **options)

    monkeypatch.setattr(Library, "open", noted)
    Library.open(settings, command="").close()
    monkeypatch.setattr(
        sys, "argv", ["/x/__main__.py", "--library", str(settings.library), "documents"]
    )
    with pytest.raises(SystemExit):
        main()
    assert shown == ["", "ranklens documents"]
    assert served.COMMAND == "ranklens run"
