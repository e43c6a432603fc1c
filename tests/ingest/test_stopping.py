"""Stop and resume; a document that is removed is not indexed any further."""

import threading
import time

import pytest

import ranklens.library
from ingest.loaders import GROUP
from ranklens.library import Library
from tests.fakes import WordEncoder

SENTENCE = "The moon is in its orbit around the earth, and the sun is far away. "
HANGS = """
import time
def load(path, password):
    time.sleep(30)
"""


def until(holds):
    end = time.monotonic() + 15
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture
def library(settings, monkeypatch):
    class Slow(WordEncoder):
        def encode_both(self, texts):
            time.sleep(0.05)
            return super().encode_both(texts)

    monkeypatch.setattr(ranklens.library, "load_encoder", lambda settings: Slow())
    with Library.open(settings) as opened:
        yield opened


@pytest.fixture
def write(tmp_path):
    def write(name, times=1):
        path = tmp_path / name
        path.write_text(SENTENCE * times + name)
        return path

    return write


def statuses(library):
    return {document.name: document.status for document in library.documents()}


def test_stopped_work_stays_stopped_until_it_is_resumed(library, write):
    library.start_worker()
    for name, times in (("large.txt", 9_000), ("b.txt", 8_000)):
        library.enqueue(write(name, times))
    until(lambda: library.progress().chunks_done)
    library.stop_work()
    until(lambda: not library.progress().running)
    assert library.progress().stopped
    time.sleep(0.3)  # the worker would have begun again, for a file was queued while it worked
    assert set(statuses(library).values()) == {"queued"}
    library.resume_work()
    until(lambda: library.progress().running)
    assert not library.progress().stopped
    library.remove("large.txt")
    library.remove("b.txt")


def test_work_that_was_about_to_begin_is_stopped_too(library, write):
    library.enqueue(write("large.txt", 3_000))
    library.stop_work()
    assert library.progress().stopped
    library._wake.set()  # as a file that was queued before the stop left it
    library._worker = threading.Thread(target=library._run, daemon=True)
    library._worker.start()
    time.sleep(0.3)
    assert statuses(library) == {"large.txt": "queued"}
    assert not library.progress().running
    library.resume_work()
    until(lambda: library.progress().running)


def test_what_is_added_resumes_the_work(library, write):
    library.start_worker()
    library.enqueue(write("large.txt", 3_000))
    until(lambda: library.progress().chunks_done)
    library.stop_work()
    until(lambda: library.progress().stopped)
    library.enqueue(write("small.txt"))
    until(lambda: set(statuses(library).values()) == {"ready"})
    assert not library.progress().stopped


def test_removing_a_document_stops_its_indexing(library, write):
    library.enqueue(write("large.txt", 9_000))
    library.enqueue(write("other.txt", 9_000))
    removed = []

    def look(progress):
        if progress.chunks_done and not removed:
            removed.append((progress.current, progress.chunks_done))
            library.remove(progress.current)

    outcomes = library.work(look)
    (name, done), one = removed[0], outcomes[0]
    assert (one.name, one.status, one.reason) == (
        name,
        "stopped",
        "it was removed while it was indexed",
    )
    (kept,) = library.documents()
    assert kept.status == "ready"
    assert library.progress().chunks_done == done + kept.chunks, "nothing more of it was written"
    assert library.verify().problems == ()


@pytest.mark.parametrize("end", ["remove", "stop"])
def test_reading_is_ended_too(library, write, install_plugin, tmp_path, monkeypatch, end):
    install_plugin(GROUP, {"slow": "foreign:load"}, HANGS)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    library.enqueue(write("hangs.slow"))
    began = time.monotonic()
    worker = threading.Thread(target=library.work)
    worker.start()
    until(lambda: statuses(library) == {"hangs.slow": "indexing"})
    time.sleep(0.5)
    library.remove("hangs.slow") if end == "remove" else library.stop_work()
    worker.join(10)
    assert not worker.is_alive()
    assert time.monotonic() - began < 10
    assert statuses(library) == ({} if end == "remove" else {"hangs.slow": "queued"})
