"""Small documents go first, also while a large one is under way."""

import threading
import time

import pytest

from tests.fakes import WordEncoder
from tests.ingest.build import archive

SENTENCE = "The moon is in its orbit around the earth, and the sun is far away. "


@pytest.fixture(autouse=True)
def encoder(monkeypatch):
    """Takes long enough for another document to be parsed meanwhile."""

    class Slow(WordEncoder):
        def encode_both(self, texts):
            time.sleep(0.25)
            return super().encode_both(texts)

    monkeypatch.setattr("ranklens.library.load_encoder", lambda _settings: Slow())


@pytest.fixture
def write(tmp_path):
    def write(name, text):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return write


def book(sentences):
    """An EPUB of a few kB that holds a long text."""
    package = (
        '<package><manifest><item id="a" href="a.xhtml"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    container = '<container><rootfiles><rootfile full-path="b.opf"/></rootfiles></container>'
    chapter = f"<html><body><p>{SENTENCE * sentences}</p></body></html>"
    return archive(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": container,
            "b.opf": package,
            "a.xhtml": chapter,
        }
    )


def order(library, added=None, after=1):
    """Index what is queued, add files once ``after`` chunks are done; the names as they finish."""
    names = []

    def look(progress):
        if added and progress.chunks_done >= after:
            for path in added:
                library.enqueue(path)
            added.clear()
        names[:] = [outcome.name for outcome in progress.outcomes]

    outcomes = library.work(look)
    assert {outcome.status for outcome in outcomes} == {"added"}
    assert library.verify().problems == ()
    last = library.progress()
    assert last.chunks_done == last.chunks_total == sum(outcome.chunks for outcome in outcomes)
    return names


def test_the_queue_goes_by_size(library, write):
    for name, times in (("large.txt", 900), ("small.txt", 1), ("medium.txt", 100)):
        library.enqueue(write(name, SENTENCE * times))
    assert order(library) == ["small.txt", "medium.txt", "large.txt"]


def test_a_note_passes_a_document_that_is_under_way(library, write):
    library.enqueue(write("large.txt", SENTENCE * 9_000))
    note = write("note.txt", "Mars is red.")
    assert order(library, [note]) == ["note.txt", "large.txt"]


def test_a_note_passes_a_small_file_that_turns_out_to_be_large(library, write):
    packed = write("packed.epub", book(9_000))
    assert packed.stat().st_size < 20_000
    library.enqueue(packed)
    note = write("note.txt", "Mars is red. " * 2_000)
    assert note.stat().st_size > packed.stat().st_size
    assert order(library, [note]) == ["note.txt", "packed.epub"]


def test_a_small_file_that_turns_out_to_be_large_passes_nothing(library, write):
    library.enqueue(write("middle.txt", SENTENCE * 6_000))
    packed, note = write("packed.epub", book(9_000)), write("note.txt", SENTENCE * 300)
    assert packed.stat().st_size < note.stat().st_size
    assert order(library, [packed, note]) == ["note.txt", "middle.txt", "packed.epub"]


def test_what_is_nearly_done_is_finished_first(library, write):
    library.enqueue(write("middle.txt", SENTENCE * 1_000))
    assert order(library, [write("half.txt", SENTENCE * 900)]) == ["middle.txt", "half.txt"]


def test_a_stop_while_a_note_passes_leaves_both_in_the_queue(library, write):
    library.enqueue(write("large.txt", SENTENCE * 9_000))
    note, stop = write("note.txt", SENTENCE * 1_000), threading.Event()

    def look(progress):
        if progress.current == "note.txt":
            stop.set()
        elif progress.chunks_done and not len(library.documents()) > 1:
            library.enqueue(note)

    assert library.work(look, stop) == []
    assert {(d.name, d.status) for d in library.documents()} == {
        ("large.txt", "queued"),
        ("note.txt", "queued"),
    }
    assert len(library.work()) == 2
    assert library.verify().problems == ()


def test_a_newer_version_that_passes_the_old_one_stays(library, write):
    library.enqueue(write("plan.txt", SENTENCE * 9_000))
    newer = write("newer.txt", "Mars is red.")
    added = []

    def look(progress):
        if progress.chunks_done and not added:
            added.append(library.enqueue(newer, name="plan.txt"))

    statuses = [outcome.status for outcome in library.work(look)]
    assert statuses == ["added", "stopped"]
    assert [chunk.text for chunk in library.chunks("plan.txt")] == ["Mars is red."]
    assert [d.status for d in library.documents()] == ["ready"]
    assert library.verify().problems == ()


def test_what_was_cut_ahead_is_counted_and_not_guessed(library, write):
    """A file of many bytes and few words: it passes, and nobody waits for what it does not hold."""
    library.enqueue(write("large.txt", SENTENCE * 9_000))
    library.enqueue(write("empty.txt", " " * 2_000_000 + SENTENCE))
    totals = []

    def look(progress):
        if progress.current == "large.txt" and progress.chunks_done:
            totals.append(progress.chunks_total)

    names = [outcome.name for outcome in library.work(look)]
    assert names == ["empty.txt", "large.txt"]
    whole = sum(len(library.chunks(name)) for name in names)
    assert totals[-1] == whole
    assert sum(abs(total - whole) < 5 for total in totals) > len(totals) / 2
