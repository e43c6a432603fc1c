"""A watched folder: what is added, changed and removed; what the page may not import."""

import os
import time

import pytest

from rag.errors import LibraryError, NotThere
from ranklens import sources, watching
from ranklens.library import Library
from tests.fakes import WordEncoder


@pytest.fixture(autouse=True)
def encoder(monkeypatch):
    monkeypatch.setattr("ranklens.library.load_encoder", lambda _settings: WordEncoder())


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "reports"
    (folder / "2024").mkdir(parents=True)
    (folder / "a.txt").write_text("The Moon is round.")
    (folder / "2024" / "b.md").write_text("Mars is red.")
    (folder / ".hidden.txt").write_text("not for the library")
    (folder / "picture.xyz").write_bytes(b"?")
    return folder


def names(library):
    return [(document.name, document.status) for document in library.documents()]


def look(library, **how):
    """Look at the only source; what was found, once it is indexed."""
    (source,) = library.sources.all()
    changes = watching.look(library, source, **how)
    library.work()
    return changes


def test_a_folder_is_imported_and_followed(library, folder):
    outcomes = library.watch(folder)
    assert [outcome.status for outcome in outcomes] == ["added", "added"]
    assert names(library) == [("reports/2024/b.md", "ready"), ("reports/a.txt", "ready")]
    assert not look(library), "nothing has changed"
    (folder / "a.txt").write_text("The Moon is not a cheese.")
    (folder / "c.txt").write_text("Venus has no moons.")
    (folder / "2024" / "b.md").unlink()
    changes = look(library)
    assert (changes.added, changes.changed) == (["reports/c.txt"], ["reports/a.txt"])
    assert changes.removed == ["reports/2024/b.md"]
    assert changes.summary() == "1 added, 1 changed, 1 removed"
    assert library.text("reports/a.txt") == "The Moon is not a cheese."
    assert [name for name, _ in names(library)] == ["reports/a.txt", "reports/c.txt"]
    (source,) = library.sources.all()
    assert source.changes["removed"] == ["reports/2024/b.md"]
    assert not look(library)
    (source,) = library.sources.all()
    assert source.changes["removed"] == ["reports/2024/b.md"], "of the last time it had changed"
    assert library.verify().problems == ()


def test_what_comes_later_joins_the_collection_of_the_folder(library, folder):
    library.collections.make("reports")
    library.watch(folder, collection="reports")
    (folder / "c.txt").write_text("Venus has no moons.")
    look(library)
    (folder / "c.txt").write_text("Venus is hot.")
    look(library)
    names = {"reports/2024/b.md", "reports/a.txt", "reports/c.txt"}
    assert library.collections.members("reports") == names
    assert library.collections.members(library.collections.default) == frozenset()


def test_a_question_set_in_the_folder_is_no_document(library, folder):
    rows = '{"question": "What is round?", "gold": [{"document": "a.txt", "quote": "The Moon"}]}'
    (folder / "questions.jsonl").write_text(rows)
    library.watch(folder)
    assert [name for name, _ in names(library)] == ["reports/2024/b.md", "reports/a.txt"]


def test_a_file_that_moves_is_kept(library, folder):
    library.watch(folder)
    (folder / "a.txt").rename(folder / "2024" / "moon.txt")
    changes = look(library)
    assert (changes.added, changes.removed) == (["reports/2024/moon.txt"], ["reports/a.txt"])
    assert library.text("reports/2024/moon.txt") == "The Moon is round."


def test_of_two_equal_files_one_document_stays(library, folder):
    library.watch(folder)
    (folder / "copy.txt").write_text("The Moon is round.")
    assert not look(library)
    (folder / "a.txt").unlink()
    assert not look(library).removed
    assert ("reports/a.txt", "ready") in names(library)
    (folder / "copy.txt").unlink()
    assert look(library).removed == ["reports/a.txt"]


def test_a_disk_that_is_not_mounted_removes_nothing(library, folder):
    library.watch(folder)
    away = folder.rename(folder.with_name("away"))
    assert not look(library)
    assert "not there" in sources.named(library, str(folder)).problem
    folder.mkdir()
    assert not look(library)
    assert "empty" in sources.named(library, str(folder)).problem
    folder.rmdir()
    away.rename(folder)
    assert not look(library)
    assert sources.named(library, str(folder)).problem == ""
    assert len(names(library)) == 2


def test_what_was_removed_by_hand_comes_back_only_if_it_changes(library, folder):
    library.watch(folder)
    library.remove("reports/a.txt")
    assert not look(library)
    (folder / "a.txt").write_text("The Moon is far away.")
    assert look(library).changed == ["reports/a.txt"]
    assert ("reports/a.txt", "ready") in names(library)


def test_a_file_that_is_being_written_waits(library, folder):
    library.watch(folder)
    (folder / "new.txt").write_text("half of")
    assert not look(library, settled=60)
    long_ago = time.time() - 100
    os.utime(folder / "new.txt", (long_ago, long_ago))
    assert look(library, settled=60).added == ["reports/new.txt"]


def test_what_is_refused_is_named_once(library, folder, settings):
    (folder / "large.txt").write_bytes(b"x" * (2 << 20))
    library.settings = settings.updated(max_file_mb=1)
    library.watch(folder)
    (source,) = library.sources.all()
    (refused,) = source.changes["refused"]
    assert refused.startswith("reports/large.txt: is 2 MB, more than the limit")
    assert not look(library).refused


def test_folders_of_one_name_do_not_replace_each_others_files(library, folder, tmp_path):
    other = tmp_path / "other" / "reports"
    other.mkdir(parents=True)
    (other / "a.txt").write_text("Another a.")
    library.watch(folder)
    library.watch(other)
    assert library.text("other/reports/a.txt") == "Another a."
    assert library.text("reports/a.txt") == "The Moon is round."


def test_links_out_of_the_folder_are_not_followed(library, folder, tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    (folder / "link.txt").symlink_to(tmp_path / "secret.txt")
    library.watch(folder)
    assert all("link" not in name for name, _ in names(library))


def test_a_folder_is_not_watched_any_more_and_its_documents_stay(library, folder):
    library.watch(folder)
    library.sources.remove(sources.named(library, str(folder)))
    assert len(names(library)) == 2
    with pytest.raises(NotThere, match="is not watched"):
        sources.named(library, str(folder))
    with pytest.raises(LibraryError, match="is not a folder"):
        library.watch(folder / "a.txt")


def test_the_library_looks_by_itself_while_it_works(settings, folder):
    with Library.open(settings.updated(watch_seconds=0.1)) as library:
        library.watch(folder)
        library.start_worker()
        long_ago = time.time() - 100
        (folder / "new.txt").write_text("Jupiter is large.")
        os.utime(folder / "new.txt", (long_ago, long_ago))
        end = time.monotonic() + 10
        while ("reports/new.txt", "ready") not in names(library):
            assert time.monotonic() < end
            time.sleep(0.05)


@pytest.mark.parametrize(
    ("roots", "hosts", "typed", "allowed"),
    [
        ("", "", "~/reports", True),
        ("", "", "/etc", False),
        ("", "", "~/.ssh", False),
        ("", "", "~/reports/../.ssh", False),
        ("", "", "~/library", False),
        ("", "docs.example.org", "~/reports", False),
        ("{home}/reports", "docs.example.org", "~/reports/2024", True),
        ("{home}/reports", "", "~", False),
        ("/nowhere:{home}/reports", "", "~/reports", True),
    ],
)
def test_what_the_page_may_import(
    library, folder, tmp_path, monkeypatch, roots, hosts, typed, allowed
):
    monkeypatch.setenv("HOME", str(tmp_path))
    named = {"import_folders": roots.format(home=tmp_path), "page_hosts": hosts}
    library.settings = library.settings.updated(**named)
    if allowed:
        assert watching.folder_for_page(library, typed).is_relative_to(folder)
        return
    with pytest.raises(LibraryError, match="option import_folders"):
        watching.folder_for_page(library, typed)


def test_a_link_leads_the_page_nowhere_else(library, folder, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(folder))
    (tmp_path / "elsewhere").mkdir()
    (folder / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(LibraryError):
        watching.folder_for_page(library, str(folder / "link"))
