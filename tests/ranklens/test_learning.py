"""Learning from a library's judgements: nothing changes until it is adopted, and one step back."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rag.errors import NotThere, RanklensError
from rag.evaluate.progress import Interrupted
from ranklens import background, evaluations, judged_sets, learning
from ranklens.jobs import Job
from ranklens.library import Library
from tests.serve.conftest import open_library, stock

QUESTIONS = [f"Which {word} number {n}?" for n in range(12) for word in ("probe", "comet")]


@contextmanager
def taught(folder: Path) -> Iterator[Library]:
    """A library whose questions about probes and comets are judged; its reranker is `auto`."""
    with open_library(folder) as opened:
        opened.settings = opened.settings.updated(reranker="auto")
        opened.pipeline = opened.pipeline.with_settings(reranker="auto")
        stock(opened, folder)
        passages = {chunk.text: chunk for name in ("moon.md", "comet.txt")
                    for chunk in opened.chunks(name)}  # fmt: skip
        probe = next(chunk for text, chunk in passages.items() if "probe landed" in text)
        comet = next(chunk for text, chunk in passages.items() if "comet has" in text)
        for question in QUESTIONS:
            opened.judge(question, probe if "probe" in question else comet, 3)
        yield opened


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with taught(tmp_path) as opened:
        yield opened


def show(library: Library) -> None:
    """Have every version count as one whose gain is shown."""
    path = library.settings.library / "learned.json"
    path.write_text(path.read_text().replace('"shown": false', '"shown": true'))


def test_what_is_learned_changes_nothing_until_it_is_adopted(library: Library):
    before = library.search(QUESTIONS[0])
    report = library.learn(QUESTIONS)
    assert (report.version.version, report.version.questions) == (1, 24)
    assert not report.version.shown  # every question is answered by the first passage already
    assert report.learning.held_out.questions == 24
    after = library.search(QUESTIONS[0])
    assert after.evidence == before.evidence
    assert after.stages[-1].reranker == before.stages[-1].reranker == "late-interaction"
    assert learning.versions(library) == [report.version]
    with pytest.raises(RanklensError, match="no gain was shown"):
        learning.adopt(library)
    show(library)
    assert learning.adopt(library).version == 1
    stage = library.search(QUESTIONS[0]).stages[-1]
    assert (stage.reranker, stage.details["learned_version"]) == ("learned", 1)
    assert learning.back(library) is None
    assert library.search(QUESTIONS[0]).stages[-1].reranker == "late-interaction"
    with pytest.raises(NotThere):
        learning.back(library)


def test_an_adopted_version_is_not_what_the_next_one_is_compared_with(library: Library):
    first = library.learn(QUESTIONS)
    show(library)
    learning.adopt(library)
    second = library.learn(QUESTIONS)
    assert second.learning.held_out == first.learning.held_out
    assert second.version.version == 2


def test_it_shows_progress_and_stops(library: Library):
    judged, seen, stop = judged_sets.own_questions(library, QUESTIONS), [], threading.Event()

    def report(done: int, total: int, unit: str) -> None:
        seen.append((done, total, unit))
        if done == 3:
            stop.set()

    with pytest.raises(Interrupted, match="stopped after 3 of 24 questions"):
        learning.learn(judged, {}, on_progress=report, stop=stop)
    assert seen == [(n, 24, "questions") for n in (1, 2, 3)]
    assert learning.versions(library) == []


@pytest.mark.parametrize("kind", ["learn", "measure"])
def test_a_job_that_was_given_up_keeps_nothing(
    library: Library, monkeypatch: pytest.MonkeyPatch, kind: str
):
    judged, advance = judged_sets.own_questions(library, QUESTIONS), Job.advance

    def given_up(job: Job, done: int, total: int, unit: str = "") -> None:
        advance(job, done, total, unit)
        if done == total:  # somewhere else, since it gave no sign of life
            library.jobs._log.interrupt()

    monkeypatch.setattr(Job, "advance", given_up)
    if kind == "learn":
        job = background.learn(judged, {})
    else:
        job = background.measure(judged, {"none": {"reranker": "none"}})
    job.thread.join(60)
    assert (job.state, job.result) == ("interrupted", None)
    assert learning.versions(library) == []
    assert evaluations.listed(library) == []


def test_too_few_judgements_and_nothing_learned_yet_are_named(library: Library):
    with pytest.raises(RanklensError, match="learning needs 20"):
        library.learn(QUESTIONS[:5])
    with pytest.raises(NotThere, match="ranklens learn SET"):
        learning.adopt(library)


def test_another_rerankers_score_is_learned_with(library: Library):
    report = library.learn(QUESTIONS, others=["maxsim", "maxsim"])
    assert [*report.version.others] == ["maxsim"]
    assert "score of maxsim" in report.version.weights
    show(library)
    learning.adopt(library)
    stage = library.search(QUESTIONS[0]).stages[-1]
    assert (stage.fell_back, stage.details["learned_version"]) == (False, 1)


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("jina", "calls a service"),
        ("hybrid:learned", "learned from judgements itself"),
        ("rrf:maxsim+tuned:1", "learned from judgements itself"),
        ("cross-encoder:nobody/nothing", "not on this machine"),
    ],
)
def test_a_reranker_that_cannot_be_weighed_is_named(library: Library, name: str, why: str):
    with pytest.raises(RanklensError, match=why):
        library.learn(QUESTIONS, others=[name])
