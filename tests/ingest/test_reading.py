"""Documents whose words stand in pictures: read one by one, kept, resumed, named if not read."""

import threading
import time

import pytest
from PIL import Image

import ingest.reading
from ingest.loaders.pictures import PictureLine, PictureText
from ingest.parse import Parser
from rag.errors import DocumentError
from ranklens.library import Library
from tests.fakes import WordEncoder
from tests.ingest.scans import scanned_pdf

PAGES = 4
NAMES = {"1": "Mars", "2": "Venus", "3": "Saturn", "4": "Neptune"}


class Recogniser:
    """Stands in for the models: ``harm`` is what a picture's key does instead of being read."""

    def __init__(self):
        self.read = []
        self.harm = {}

    def __call__(self, parser, path, name, key, password=""):
        self.read.append(key)
        if key in self.harm:
            self.harm[key]()
        words = f"{NAMES[key]} has a page."
        corners = (10, 10, 150, 10, 150, 30, 10, 30)
        line = PictureLine(words, 0.95, ((0, len(words), (0, 0, 9, 9)),), corners)
        return PictureText((line,)).to_json()


@pytest.fixture
def models(monkeypatch):
    found = Recogniser()
    monkeypatch.setattr(Parser, "recognise", lambda *args, **options: found(*args, **options))
    return found


@pytest.fixture(autouse=True)
def encoder(monkeypatch):
    monkeypatch.setattr("ranklens.library.load_encoder", lambda _settings: WordEncoder())


@pytest.fixture
def scan(tmp_path):
    path = tmp_path / "scan.pdf"
    path.write_bytes(scanned_pdf(*[Image.new("L", (60, 80), 250 - n) for n in range(PAGES)]))
    return path


def document(library):
    (found,) = library.documents()
    return found


def test_every_page_is_read_once_and_the_document_labelled(library, models, scan):
    (outcome,) = library.add(scan)
    assert (outcome.status, outcome.warnings) == ("added", ())
    assert models.read == ["1", "2", "3", "4"]
    found = document(library)
    assert (found.pages, found.ocr_pictures, found.ocr_confidence) == (4, 4, pytest.approx(0.95))
    assert found.ocr == "4 pages read by OCR, confidence 95%"
    assert "Saturn has a page." in library.text("scan.pdf")
    library.reindex()
    library.work()
    assert len(models.read) == PAGES, "what was recognised is kept"
    assert document(library).ocr_pictures == PAGES


def test_progress_counts_the_pages(library, models, scan, monkeypatch):
    monkeypatch.setattr("ingest.work.LOOK", 0.01)
    models.harm = {key: lambda: time.sleep(0.1) for key in "1234"}
    seen = set()
    library.enqueue(scan)
    library.work(lambda now: seen.add((now.current, now.pictures_done, now.pictures_total)))
    assert {("scan.pdf", done, PAGES) for done in range(1, PAGES)} <= seen


def test_work_that_is_stopped_goes_on_at_the_next_page(library, models, scan):
    stop = threading.Event()
    models.harm = {"2": stop.set}
    library.enqueue(scan)
    assert library.work(stop=stop) == []
    assert (document(library).status, models.read) == ("queued", ["1", "2"])
    assert [outcome.status for outcome in library.work()] == ["added"]
    assert models.read == ["1", "2", "3", "4"]


def test_a_library_that_was_closed_meanwhile_goes_on_at_the_next_page(settings, models, scan):
    with Library.open(settings) as first:
        models.harm = {"3": first.stop_work}
        first.enqueue(scan)
        first.work()
    with Library.open(settings) as library:
        library.work()
        assert models.read == ["1", "2", "3", "4"]
        assert document(library).status == "ready"


def test_pages_that_time_did_not_allow_are_named_and_read_the_next_time(
    settings, models, scan, monkeypatch
):
    with Library.open(settings.updated(ocr_seconds=0.2)) as library:
        models.harm = {"2": lambda: time.sleep(0.3)}
        (outcome,) = library.add(scan)
        assert outcome.status == "added"
        assert outcome.warnings == (
            "pages 3–4 were not read: only pictures there (scans?); the time for reading pictures "
            "was over (option ocr_seconds); `ranklens reindex` goes on there",
        )
        library.reindex()
        library.work()
        assert models.read == ["1", "2", "3", "4"]
        assert document(library).warnings == ""


def test_a_page_that_fails_costs_itself_only(library, models, scan):
    def hang():
        raise DocumentError("reading it took longer than 60 seconds and was stopped")

    models.harm = {"2": hang}
    (outcome,) = library.add(scan)
    assert outcome.status == "added"
    assert outcome.warnings == (
        "page 2 was not read: only pictures there (scans?); "
        "reading it took longer than 60 seconds and was stopped",
    )


def test_after_some_failures_in_a_row_the_others_are_not_tried(library, models, scan, monkeypatch):
    def fail():
        raise DocumentError("it cannot be read")

    monkeypatch.setattr(ingest.reading, "MOST_FAILURES", 2)
    models.harm = dict.fromkeys("1234", fail)
    (outcome,) = library.add(scan)
    assert outcome.status == "failed"
    assert models.read == ["1", "2"]
    assert "pages 1–2 were not read: only pictures there (scans?); it cannot" in outcome.reason
    assert "pages 3–4 were not read" in outcome.reason


@pytest.mark.parametrize(("installed", "on"), [(False, True), (True, False)])
def test_without_recognition_the_reason_is_named(
    settings, models, scan, monkeypatch, installed, on
):
    if not installed:
        monkeypatch.setattr(ingest.reading, "reader", lambda: "")
    with Library.open(settings.updated(ocr=on)) as library:
        (outcome,) = library.add(scan)
    assert (outcome.status, models.read) == ("failed", [])
    assert ("pip install 'ranklens[ocr]'" if on else "option ocr)") in outcome.reason


def test_a_note_passes_a_scan_between_two_of_its_pages(library, models, scan, tmp_path):
    note = tmp_path / "note.txt"
    note.write_text("Mars is red.")
    models.harm = {"2": lambda: library.enqueue(note)}
    library.enqueue(scan)
    assert [outcome.name for outcome in library.work()] == ["note.txt", "scan.pdf"]
    assert models.read == ["1", "2", "3", "4"]
    assert library.verify().problems == ()


def test_what_was_recognised_leaves_with_its_document(library, models, scan, settings):
    library.add(scan)
    library.remove("scan.pdf")
    kept = library.index.catalogue.engine.connect()
    assert kept.exec_driver_sql("select count(*) from picture_texts").scalar() == 0
    kept.close()


def test_a_scan_that_was_interrupted_but_gets_on_is_not_given_up(library, models, scan):
    library.enqueue(scan)
    library.index.catalogue.update_document(document(library).id, interruptions=1)
    seen = []
    models.harm = {"3": lambda: seen.append(document(library).interruptions)}
    library.work()
    assert seen == [0]
