"""A shared queue: leases are renewed, a lost one publishes nothing, and a stop gives back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from ingest import leased
from ingest.leased import LeasedWork, Leases
from ingest.progress import FileOutcome
from rag.errors import StorageError
from ranklens.library import Library
from tests.serve.conftest import open_library

TEXTS = [f"The moon pulls the tide {n} times. " * (n + 1) for n in range(7)]


@pytest.fixture
def library(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Library]:
    """A library whose queue is worked on as if others did so too."""
    monkeypatch.setattr("ingest.indexing.Work", LeasedWork)
    with open_library(tmp_path) as opened:
        yield opened


def enqueue(library: Library, folder: Path, texts: list[str] = TEXTS) -> list[str]:
    names = [f"{number}.txt" for number in range(len(texts))]
    for name, text in zip(names, texts, strict=True):
        (folder / name).write_text(text)
        assert library.enqueue(folder / name).status == "queued"
    return names


def statuses(library: Library) -> dict[str, str]:
    return {document.name: document.status for document in library.documents()}


def wait_until(happens: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_every_document_is_indexed_once(library: Library, tmp_path: Path):
    names = enqueue(library, tmp_path)
    claimed: list[str] = []
    claim = library.index.claim

    def noted():
        if document := claim():
            claimed.append(document.name)
        return document

    library.index.claim = noted
    outcomes = library.work()
    assert [one.name for one in outcomes] == claimed == names  # the smallest first
    assert {one.status for one in outcomes} == {"added"}
    assert library.search("moon").evidence
    assert library.work() == []


def test_a_document_whose_lease_is_lost_is_not_published(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    enqueue(library, tmp_path, TEXTS[:2])
    lost = library.documents()[0].id
    monkeypatch.setattr(Leases, "holds", lambda _self, document_id: document_id != lost)
    assert [one.status for one in library.work()] == ["stopped", "added"]
    assert statuses(library)["1.txt"] == "ready"
    assert statuses(library)["0.txt"] != "ready"


def test_what_is_stopped_is_given_back(library: Library, tmp_path: Path):
    names = enqueue(library, tmp_path)
    stop = threading.Event()
    library.work(lambda progress: stop.set() if progress.documents_done == 2 else None, stop)
    assert statuses(library) == {name: "ready" if name in names[:2] else "queued" for name in names}
    assert {one.status for one in library.work()} == {"added"}


def test_a_document_is_given_back_if_the_disk_is_full(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (name,) = enqueue(library, tmp_path, TEXTS[:1])

    def full() -> None:
        raise StorageError("the disk is full")

    with monkeypatch.context() as disk:
        disk.setattr(library.index.room, "check", full)
        assert library.work() == []
    assert statuses(library) == {name: "queued"}
    assert [one.status for one in library.work()] == ["added"]


def test_a_document_is_given_back_if_the_database_fails_at_publishing(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (name,) = enqueue(library, tmp_path, TEXTS[:1])

    def broken(document_id: int, seconds: float) -> None:
        raise OperationalError("update", {}, Exception("the database is away"))

    with monkeypatch.context() as database:
        database.setattr(library.index, "publish", broken)
        assert library.work() == []
    assert statuses(library) == {name: "queued"}
    assert [one.status for one in library.work()] == ["added"]


def test_after_finish_nothing_more_is_begun(library: Library, tmp_path: Path):
    names = enqueue(library, tmp_path)

    def report(progress):
        if progress.current == names[1]:
            library.finish_work()

    assert [one.name for one in library.work(report)] == names[:2]
    assert set(statuses(library).values()) == {"ready", "queued"}


def test_leases_are_renewed_until_they_are_lost_or_dropped():
    renewed: list[int] = []
    lost = threading.Event()
    broken = threading.Event()

    def renew(document_id: int) -> bool:
        renewed.append(document_id)
        if broken.is_set():
            raise OperationalError("update", {}, Exception("the database is away"))
        return not lost.is_set()

    leases = Leases(renew, every=0.01)
    leases.hold(1)
    leases.hold(2)
    leases.drop(2)
    wait_until(lambda: renewed.count(1) >= 3)
    assert leases.holds(1)
    assert not leases.holds(2)
    broken.set()
    seen = len(renewed)
    wait_until(lambda: len(renewed) > seen + 2)
    assert leases.holds(1)  # it may be back in time
    broken.clear()
    lost.set()
    wait_until(lambda: not leases.holds(1))
    leases.close()
    seen = len(renewed)
    time.sleep(0.05)
    assert len(renewed) == seen


def test_a_lease_is_renewed_while_a_document_is_encoded(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    enqueue(library, tmp_path, TEXTS[:1])
    monkeypatch.setattr(leased, "RENEW_SECONDS", 0.01)
    monkeypatch.setattr(Leases.__init__, "__defaults__", (0.01,))
    renewed = threading.Event()
    renew, encode = library.index.renew, library.encoder.encode_both

    def noted(document_id: int) -> bool:
        renewed.set()
        return renew(document_id)

    def slowly(texts):
        assert renewed.wait(30)
        return encode(texts)

    library.index.renew = noted
    monkeypatch.setattr(library.encoder, "encode_both", slowly, raising=False)
    assert [one.status for one in library.work()] == ["added"]


def failing(outcome: FileOutcome) -> bool:
    return outcome.status == "failed"


def test_a_file_that_cannot_be_read_fails(library: Library, tmp_path: Path):
    (tmp_path / "no.pdf").write_bytes(b"%PDF-1.7 and nothing more")
    library.enqueue(tmp_path / "no.pdf")
    (outcome,) = library.work()
    assert failing(outcome)
    assert statuses(library) == {"no.pdf": "failed"}
