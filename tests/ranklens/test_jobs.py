"""Jobs are written down: how they ended, and those that the end of a process interrupted."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy.exc import OperationalError

from rag.errors import DatabaseUnavailable, NotThere, RanklensError
from rag.evaluate.experiments import pipelines
from rag.evaluate.experiments.kept import EvaluationRecord, EvaluationStore
from rag.evaluate.progress import Interrupted
from rag.settings import Settings
from rag.store import fence
from rag.store import jobs as log
from rag.store.catalogue import Catalogue
from rag.store.jobs import JobLog
from ranklens import job_results, restarting
from ranklens import jobs as module
from ranklens.jobs import Job, Jobs
from tests.rag.evaluate.made import make

KILLED = """
import sys, time
from pathlib import Path
from rag.store.catalogue import Catalogue
from rag.store.jobs import JobLog
from ranklens.jobs import Jobs

def work(job):
    job.advance(3, 10)
    print("at work", flush=True)
    time.sleep(60)

where = sys.argv[1]
jobs = Jobs(JobLog(Catalogue(where if "://" in where else Path(where)).engine))
jobs.start("measure", "Measuring bridges", work).thread.join()
"""


@pytest.fixture
def path(database: Path | str) -> Path | str:
    return database


@pytest.fixture
def jobs(path: Path | str):
    catalogue = Catalogue(path)
    yield Jobs(JobLog(catalogue.engine))
    catalogue.close()


def ended(job: Job | None) -> Job:
    assert job is not None
    assert job.thread is not None
    job.thread.join(10)
    return job


def closed(catalogue: Catalogue) -> None:
    """Close a database once no thread writes into it that a job is at work."""
    for thread in threading.enumerate():
        if thread.name == "job seen":
            thread.join(30)
    catalogue.close()


def after_restart(path: Path | str) -> list[Job]:
    catalogue = Catalogue(path)
    found = Jobs(JobLog(catalogue.engine)).all()
    catalogue.close()
    return found


def raising(error: Exception):
    def work(_job: Job) -> None:
        raise error

    return work


def test_every_ending_is_there_after_a_restart(jobs: Jobs, path: Path | str):
    ended(jobs.start("fit", "a", lambda job: job.advance(2, 2)))
    ended(jobs.start("fit", "b", raising(RanklensError("too few"))))
    ended(jobs.start("fit", "c", raising(ZeroDivisionError())))
    stopped = jobs.start("fit", "d", lambda job: job.stop.wait(10))
    stopped.stop.set()
    ended(stopped)
    assert [one.state for one in jobs.all()] == ["done", "failed", "failed", "stopped"]
    found = after_restart(path)
    assert [(one.what, one.state, one.done, one.total) for one in found] == [
        ("a", "done", 2, 2), ("b", "failed", 0, 0), ("c", "failed", 0, 0), ("d", "stopped", 0, 0)
    ]  # fmt: skip
    assert [one.error for one in found] == ["", "too few", module.UNEXPECTED, ""]
    assert all(one.ended and one.started and one.ended >= one.started for one in found)


def test_a_killed_process_leaves_its_job_as_interrupted(
    path: Path | str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(log, "SILENT_SECONDS", 0.0)  # of a process on another host
    command = [sys.executable, "-c", KILLED, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "at work\n"
        process.send_signal(signal.SIGKILL)
    (job,) = after_restart(path)
    assert (job.state, job.running, job.done, job.total) == ("interrupted", False, 3, 10)
    assert "3 of 10 questions" in job.error
    with pytest.raises(RanklensError, match="the program ended or was cut off while it ran"):
        job_results.result(job)


def test_what_was_interrupted_can_be_started_again_with_its_arguments(jobs: Jobs, path: Path | str):
    jobs.start("speed", "Measuring", lambda job: job.stop.wait(10), arguments={"names": []})
    jobs.close(10)
    catalogue = Catalogue(path)
    opened = Jobs(JobLog(catalogue.engine))
    found = opened.interrupted("speed")
    assert found is not None
    assert found.arguments == {"names": []}
    assert opened.interrupted("fit") is None
    library = SimpleNamespace(jobs=opened)
    assert ended(restarting.again(library, found)).result == {}
    assert opened.interrupted("speed") is None
    with pytest.raises(NotThere, match="was not written down"):
        restarting.again(library, replace(found, arguments=None))
    catalogue.close()


def test_closing_leaves_a_running_job_as_interrupted(jobs: Jobs, path: Path | str):
    begun = threading.Event()

    def work(job: Job) -> None:
        job.advance(1, 4)
        begun.set()
        job.stop.wait(10)
        job.advance(2, 4)

    job = jobs.start("measure", "m", work)
    assert begun.wait(10)
    jobs.close(10)
    assert not job.running
    (found,) = after_restart(path)
    assert (found.state, found.done) == ("interrupted", 1)


def test_closing_stops_a_running_job_if_the_database_is_away(jobs: Jobs, monkeypatch):
    def away(*_args):
        raise DatabaseUnavailable("the database cannot be reached")

    job = jobs.start("measure", "m", lambda job: job.stop.wait(30))
    monkeypatch.setattr(JobLog, "interrupt", away)
    jobs.close(10)
    assert not job.running


def test_only_the_newest_are_kept(jobs: Jobs, path: Path | str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(log, "KEPT", 3)
    for number in range(5):
        ended(jobs.start("fit", str(number), lambda _job: None))
    assert [one.what for one in after_restart(path)] == ["2", "3", "4"]


def test_progress_is_written_at_most_every_two_seconds(jobs: Jobs, monkeypatch):
    noted: list[int] = []
    monkeypatch.setattr(JobLog, "note", lambda _self, _id, done, *_rest: not noted.append(done))

    def work(job: Job) -> None:
        for done in range(1000):
            job.advance(done, 1000)

    ended(jobs.start("fit", "a", work))
    assert noted == [0, 999]


def test_a_full_disk_costs_the_note_not_the_job(jobs: Jobs, monkeypatch):
    def full(*_args: object) -> None:
        raise OperationalError("UPDATE", {}, Exception("disk is full"))

    job = jobs.start("fit", "a", lambda job: job.stop.wait(10) and 7)
    monkeypatch.setattr(log, "update", full)
    job.stop.set()
    assert ended(job).result == 7


def test_processes_of_one_library_see_each_others_jobs(
    path: Path | str, monkeypatch: pytest.MonkeyPatch
):
    catalogue = Catalogue(path)
    first, second = (Jobs(JobLog(catalogue.engine, shared=True)) for _ in range(2))
    goes_on, begun = threading.Event(), threading.Event()

    def work(job: Job) -> str:
        job.advance(3, 10)
        begun.set()
        assert goes_on.wait(30)
        return "done"

    started = first.start("measure", "Measuring bridges", work)
    assert begun.wait(30)
    third = Jobs(JobLog(catalogue.engine, shared=True))  # opening interrupts nobody's job
    for others in (second, third):
        (seen,) = others.all()
        assert (seen.state, seen.running, seen.elsewhere, seen.done) == ("running", True, True, 3)
    second.close()  # nor does another process's end
    assert third.by_id(started.id).running
    goes_on.set()
    ended(started)
    assert [(job.state, job.running) for job in third.all()] == [("done", False)]
    catalogue.close()


@pytest.mark.parametrize("advances", [True, False])
def test_a_job_is_stopped_from_another_process(
    path: Path | str, monkeypatch: pytest.MonkeyPatch, advances: bool
):
    monkeypatch.setattr(module, "NOTED_EVERY" if advances else "SEEN_EVERY", 0.01)
    catalogue = Catalogue(path)
    first, second = (Jobs(JobLog(catalogue.engine, shared=True)) for _ in range(2))

    def work(job: Job) -> None:
        while not job.stop.wait(0.02):
            if advances:
                job.advance(1, 10)

    started = first.start("measure", "Measuring bridges", work)
    seen = second.by_id(started.id)
    seen.end()
    assert (seen.running, seen.state) == (False, "stopped")
    ended(started)
    for jobs in (first, second):
        assert [(one.state, one.running) for one in jobs.all()] == [("stopped", False)]
    seen.end()  # once more changes nothing
    closed(catalogue)


def test_a_job_that_was_not_written_down_goes_on(jobs: Jobs, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(log, "KEPT", 0)  # its row is dropped at once

    def work(job: Job) -> bool:
        job.note()
        return job.stop.is_set()

    assert ended(jobs.start("fit", "a", work)).result is False


def test_the_clock_of_a_host_ends_no_job_of_another_one(
    postgres: str, monkeypatch: pytest.MonkeyPatch
):
    catalogue = Catalogue(postgres)
    first, second = (Jobs(JobLog(catalogue.engine)) for _ in range(2))
    started = first.start("measure", "Measuring bridges", lambda job: job.stop.wait(30))
    ahead = SimpleNamespace(time=lambda: time.time() + 3600)
    monkeypatch.setattr(log, "time", ahead)
    assert [job.state for job in second.all()] == ["running"]
    started.end()
    assert ended(started).state == "stopped"
    closed(catalogue)


def test_a_job_whose_process_is_silent_is_interrupted(
    path: Path | str, monkeypatch: pytest.MonkeyPatch
):
    catalogue = Catalogue(path)
    first, second = (Jobs(JobLog(catalogue.engine, shared=True)) for _ in range(2))
    goes_on = threading.Event()
    monkeypatch.setattr(module, "SEEN_EVERY", 0.01)
    signs = threading.Semaphore(0)
    see = JobLog.see

    def noted(written: JobLog, job_id: str) -> bool:
        goes_on = see(written, job_id)
        signs.release()
        return goes_on

    monkeypatch.setattr(JobLog, "see", noted)
    started = first.start("measure", "Measuring bridges", lambda _job: goes_on.wait(30))
    for _ in range(3):
        assert signs.acquire(timeout=30)
    assert second.by_id(started.id).state == "running"
    monkeypatch.setattr(log, "SILENT_SECONDS", -60.0)  # as if the last sign was long ago
    assert second.by_id(started.id).state == "interrupted"
    goes_on.set()
    ended(started)
    assert [one.state for one in (*first.all(), *second.all())] == ["interrupted"] * 2
    closed(catalogue)


@pytest.mark.parametrize("returns", ["while it works", "before it publishes", "at its end"])
def test_a_process_that_returns_after_its_job_was_given_up_publishes_nothing(
    path: Path | str, monkeypatch: pytest.MonkeyPatch, returns: str
):
    """It was cut off for over a minute: somebody may have started the job again elsewhere."""
    monkeypatch.setattr(module, "NOTED_EVERY", 0.0)
    catalogue = Catalogue(path)
    first, second = (Jobs(JobLog(catalogue.engine, shared=True)) for _ in range(2))
    begun, back, published = threading.Event(), threading.Event(), []

    def work(job: Job) -> str:
        begun.set()
        assert back.wait(30)
        if returns == "while it works":
            job.advance(3, 10)
            if job.stop.is_set():
                raise Interrupted("stopped")
        if returns == "before it publishes":
            job.confirm()
        if returns != "at its end":
            published.append("version")
        return "found"

    started = first.start("learn", "Learning", work, form=lambda found: {"found": found})
    assert begun.wait(30)
    with monkeypatch.context() as silent:
        silent.setattr(log, "SILENT_SECONDS", -60.0)
        assert second.interrupted("learn").id == started.id
    again = second.start("learn", "Learning", lambda _job: "again", form=lambda it: {"found": it})
    ended(again)
    back.set()
    ended(started)
    assert published == []
    for jobs in (first, second):
        assert jobs.by_id(started.id).state == "interrupted"
        with pytest.raises(RanklensError, match="was cut off while it ran"):
            job_results.result(jobs.by_id(started.id))
        assert job_results.result(jobs.by_id(again.id)) == {"found": "again"}
    closed(catalogue)


@pytest.mark.parametrize("what", ["evaluation", "pipeline"])
def test_a_job_that_is_given_up_after_it_looked_publishes_nothing(
    database: Path | str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, what: str
):
    """Its process may be suspended between any two steps, also right before it writes."""
    if what == "pipeline" and isinstance(database, Path):
        pytest.skip("one process has a library in a folder, where pipelines are a file")
    url = database if isinstance(database, str) else ""
    catalogue, settings = Catalogue(database), Settings(library=tmp_path, database_url=url)
    first, second = (Jobs(JobLog(catalogue.engine, shared=True)) for _ in range(2))
    kept = EvaluationStore(catalogue.engine, settings)
    looked, back = threading.Event(), threading.Event()

    def work(job: Job) -> str:
        job.confirm()
        looked.set()
        assert back.wait(30)
        if what == "evaluation":
            record = EvaluationRecord("field", datetime.now(UTC), "nDCG@10", 2, ())
            kept.add(make(2), record)
        else:
            pipelines.save(settings, "Late", {"reranker": "none"})
        return "found"

    started = first.start("measure", "Measuring", work)
    assert looked.wait(30)
    with monkeypatch.context() as silent:
        silent.setattr(log, "SILENT_SECONDS", -60.0)
        assert second.interrupted("measure").id == started.id
    back.set()
    ended(started)
    assert (kept.all(), pipelines.saved(settings)) == ([], {})
    assert "was cut off while it ran" in started.error
    closed(catalogue)


def test_others_do_not_wait_for_a_job_that_is_about_to_publish(
    path: Path | str, monkeypatch: pytest.MonkeyPatch
):
    """A process that is suspended in its transaction holds the job's row for minutes."""
    if isinstance(path, Path):
        pytest.skip("SQLite locks no rows")
    catalogue = Catalogue(path)
    first, second = (Jobs(JobLog(catalogue.engine, shared=True)) for _ in range(2))
    holds, goes_on = threading.Event(), threading.Event()

    def work(_job: Job) -> None:
        with catalogue.engine.begin() as db:
            fence.check(db)
            holds.set()
            assert goes_on.wait(30)

    started = first.start("measure", "Measuring", work)
    assert holds.wait(30)
    with monkeypatch.context() as silent:
        silent.setattr(log, "SILENT_SECONDS", -60.0)
        begun = time.monotonic()
        assert second.by_id(started.id).state == "running"
        assert time.monotonic() - begun < 5
    goes_on.set()
    assert ended(started).state == "done"
    closed(catalogue)


def test_every_process_has_the_result_of_a_finished_job(
    path: Path | str, monkeypatch: pytest.MonkeyPatch
):
    catalogue = Catalogue(path)
    first, second = (Jobs(JobLog(catalogue.engine, shared=True)) for _ in range(2))
    form = lambda found: {"shares": found, "note": "a\0b \ud800"}  # noqa: E731
    started = ended(first.start("fit", "a", lambda _job: (0.1, 1 / 3), form=form))
    ended(first.start("fit", "b", lambda _job: None))  # takes its place in this process
    expected = {"shares": [0.1, 1 / 3], "note": "a\0b \ud800"}
    for jobs in (first, second):
        assert jobs.by_id(started.id).has_result
        assert job_results.result(jobs.by_id(started.id)) == expected
    closed(catalogue)
    (found, without) = after_restart(path)
    assert (found.has_result, without.has_result) == (True, False)


def test_a_result_that_is_too_large_stays_with_its_process(
    path: Path | str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(module, "RESULT_MB", 1e-5)
    catalogue = Catalogue(path)
    first, second = (Jobs(JobLog(catalogue.engine, shared=True)) for _ in range(2))
    started = ended(first.start("fit", "a", lambda _job: "long", form=lambda it: {"it": it * 9}))
    assert job_results.result(first.by_id(started.id)) == {"it": "long" * 9}
    assert not second.by_id(started.id).has_result
    with pytest.raises(NotThere, match="larger than"):
        job_results.result(second.by_id(started.id))
    closed(catalogue)
