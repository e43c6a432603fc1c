"""`ranklens worker`."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from ingest.leased import LeasedWork
from rag.errors import ProviderError
from ranklens.working import Worker
from tests.serve.conftest import open_library
from tests.ui.cli.conftest import Run


def test_a_library_in_a_folder_has_no_workers(run: Run, tmp_path: Path):
    ran = run("--library", tmp_path / "library", "worker")
    assert ran.code == 2
    assert "belongs to one process" in ran.err
    assert "RANKLENS_DATABASE_URL" in ran.err
    assert not (tmp_path / "library").exists()


@pytest.mark.parametrize("way", ["finish", "stop"])
def test_a_worker_indexes_what_is_queued_until_it_is_to_end(
    way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("ingest.indexing.Work", LeasedWork)
    monkeypatch.setattr("ranklens.working.LOOK", 0.01)
    outcomes, warnings, seen = [], [], threading.Semaphore(0)

    def report(outcome) -> None:
        outcomes.append((outcome.name, outcome.status))
        seen.release()

    with open_library(tmp_path) as library:
        worker = Worker(library, report, warnings.append)
        thread = threading.Thread(target=worker.run)
        thread.start()
        for number in range(3):
            (tmp_path / f"{number}.txt").write_text(f"The moon pulls the tide {number} times.")
            library.enqueue(tmp_path / f"{number}.txt")
            assert seen.acquire(timeout=60)
        worker.finish(60) if way == "finish" else worker.stop()
        thread.join(60)
        assert not thread.is_alive()
        assert outcomes == [(f"{number}.txt", "added") for number in range(3)]
        assert warnings == []
        (tmp_path / "later.txt").write_text("A comet has a tail.")
        library.enqueue(tmp_path / "later.txt")
        assert library.document("later.txt").status == "queued"


def test_a_worker_rests_and_says_why_when_it_cannot_work(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("ranklens.working.REST", 0.01)
    warned = threading.Semaphore(0)
    with open_library(tmp_path) as library:
        (tmp_path / "moon.txt").write_text("The moon pulls the tide.")
        library.enqueue(tmp_path / "moon.txt")
        broken = threading.Event()
        broken.set()
        encode = library.encoder.encode_both

        def encode_both(texts):
            if broken.is_set():
                raise ProviderError("The encoder's server is away.", passing=True)
            return encode(texts)

        monkeypatch.setattr(library.encoder, "encode_both", encode_both, raising=False)
        outcomes, warnings, done = [], [], threading.Event()
        worker = Worker(
            library,
            lambda outcome: (outcomes.append(outcome.status), done.set()),
            lambda why: (warnings.append(why), warned.release()),
        )
        thread = threading.Thread(target=worker.run)
        thread.start()
        for _ in range(2):
            assert warned.acquire(timeout=60)
        broken.clear()
        assert done.wait(60)
        worker.stop()
        thread.join(60)
        assert outcomes == ["added"]
        assert set(warnings) == {"The encoder's server is away."}
