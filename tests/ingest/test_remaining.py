"""How much of the indexing is left, by a clock that the test moves."""

import pytest

from ingest.progress import IndexingProgress
from ingest.remaining import (
    A_DOCUMENT,
    A_PICTURE,
    CHUNKS_A_PAGE,
    GUESS,
    GUESSED,
    Remaining,
)
from rag.store.catalogue import Catalogue
from rag.store.document import BYTES_A_CHUNK


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def catalogue(tmp_path):
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    yield catalogue
    catalogue.close()


@pytest.fixture
def remaining(catalogue, clock):
    return Remaining(catalogue, clock)


def test_nothing_is_known_before_a_document_is_cut(remaining, catalogue):
    catalogue.add_document("a.txt", 9 * BYTES_A_CHUNK, "1")
    left = remaining.left(IndexingProgress())
    assert (left.documents, left.chunks, left.seconds) == (1, 9, None)


def test_time_left_goes_by_the_chunks_that_are_written(remaining, catalogue, clock):
    document_id = catalogue.add_document("a.txt", 1, "1")
    catalogue.update_document(document_id, status="indexing")
    clock.now = 50.0  # the model was loaded meanwhile, which is no rate
    remaining.cut(document_id, "a.txt", 1, 100)
    clock.now = 60.0
    remaining.written(document_id, 40)
    left = remaining.left(IndexingProgress(chunks_done=40))
    assert left.chunks == 60
    assert left.seconds == pytest.approx((60 + A_DOCUMENT) * 10 / 40)
    remaining.ended(document_id)
    assert remaining.left(IndexingProgress(chunks_done=40)).chunks == 0


def test_bytes_a_chunk_are_learned_for_each_format(catalogue, clock):
    for name, chunks in (("old.md", 500), ("old.pdf", 100)):
        ready = catalogue.add_document(name, 1_000_000, name)
        catalogue.update_document(ready, status="ready", chunks=chunks)
    remaining = Remaining(catalogue, clock)
    new = catalogue.add_document("new.md", 500_000, "1")
    assert 250 <= remaining.left(IndexingProgress()).chunks < 270, "2,000 bytes a chunk"
    catalogue.update_document(new, chunks=40)
    clock.now += 2
    assert remaining.left(IndexingProgress()).chunks == 40, "once it was cut"


def test_a_pdf_of_many_bytes_has_not_so_many_chunks(catalogue, clock):
    remaining = Remaining(catalogue, clock)
    catalogue.add_document("large.pdf", 4_000_000, "1")
    assert remaining.left(IndexingProgress()).chunks == 4_000_000 / GUESSED[".pdf"]
    remaining.cut(7, "other.pdf", 1_000_000, 100)
    remaining.ended(7)
    clock.now += 2
    assert remaining.left(IndexingProgress()).chunks == 200


def test_chunks_of_a_pdf_go_by_its_pages(catalogue, clock):
    remaining = Remaining(catalogue, clock)
    waiting = catalogue.add_document("large.pdf", 900_000, "1")
    catalogue.update_document(waiting, pages=200)
    assert remaining.left(IndexingProgress()).chunks == 200 * CHUNKS_A_PAGE
    remaining.cut(7, "small.pdf", 250_000, 80 * 9, 80)  # nine a page
    remaining.ended(7)
    clock.now += 2
    learned = (GUESS * CHUNKS_A_PAGE + 80 * 9) / (GUESS + 80)
    assert remaining.left(IndexingProgress()).chunks == pytest.approx(200 * learned, abs=1)
    assert 1_500 < 200 * learned < 1_700


def test_a_document_that_is_read_is_left_until_it_is_cut(remaining, catalogue):
    reading = catalogue.add_document("large.pdf", 900_000, "1")
    catalogue.update_document(reading, pages=100, status="indexing")
    (document,) = catalogue.documents("indexing")
    remaining.begins(document)
    assert remaining.left(IndexingProgress()).chunks == 100 * CHUNKS_A_PAGE
    remaining.cut(reading, "large.pdf", 900_000, 300, 100)
    assert remaining.left(IndexingProgress()).chunks == 300
    remaining.ended(reading)
    assert remaining.left(IndexingProgress()).chunks == 0


def test_pictures_are_timed_by_themselves(remaining, catalogue, clock):
    catalogue.update_document(catalogue.add_document("scan.pdf", 1, "1"), status="indexing")
    for done in (0, 1, 2):
        remaining.reads(done, 12)
        clock.now += 3.0
    left = remaining.left(IndexingProgress(current="scan.pdf"))
    assert left.seconds == pytest.approx(10 * 3.0)
    assert left.chunks == 10 * A_PICTURE


def test_the_queue_is_listed_once_a_second(remaining, catalogue, clock, monkeypatch):
    for number in range(4):
        catalogue.add_document(f"{number}.txt", 10 * BYTES_A_CHUNK, str(number))
    listed = []
    sizes = catalogue.sizes
    monkeypatch.setattr(catalogue, "sizes", lambda *statuses: listed.append(1) or sizes(*statuses))
    assert remaining.left(IndexingProgress()).chunks == 40
    catalogue.update_document(1, status="ready")
    assert remaining.left(IndexingProgress()).chunks == 30, "by the share of the bytes"
    assert len(listed) == 1
    clock.now += 1.5
    remaining.left(IndexingProgress())
    assert len(listed) == 2
