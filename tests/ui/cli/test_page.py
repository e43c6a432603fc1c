from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from rag.evaluate.judgements.question_sets import QuestionSets
from rag.evaluate.judgements.store import JudgementStore
from rag.settings import Settings
from ranklens.library import Library
from tests.ui.cli.conftest import Run
from tests.ui.cli.fakes import FakeDocument, FakeLibrary
from ui.cli import page


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], dict[str, str]]]:
    """Every process that would have taken this one's place: its command and its environment."""
    seen: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr(os, "execve", lambda _, command, env: seen.append((command, env)))
    return seen


def test_the_page_is_served_to_this_machine_only(run: Run, started, tmp_path: Path):
    assert run("--library", "here", "run").code == 0
    ((command, environment),) = started
    assert command == [sys.executable, "-P", "-m", "ui.server"]
    assert environment["RANKLENS_LIBRARY"] == str(tmp_path / "here")


def test_a_port_can_be_chosen(run: Run, started):
    run("run", "--port", 9000)
    assert started[0][0][-1] == "9000"
    assert run("run", "--port", 99999).code == 2


def test_another_address_needs_a_proxy_s_host(run: Run, started, monkeypatch: pytest.MonkeyPatch):
    ran = run("run", "--host", "192.0.2.7")
    assert ran.code == 2
    assert "RANKLENS_PAGE_HOSTS" in ran.err
    assert started == []
    monkeypatch.setenv("RANKLENS_PAGE_HOSTS", "docs.example.org")
    assert run("run", "--host", "192.0.2.7", "--port", 9000).code == 0
    assert started[0][0][-2:] == ["9000", "192.0.2.7"]


def test_samples_go_into_an_empty_library_only(
    run: Run, started, fake: FakeLibrary, tmp_path: Path
):
    for name in ("README.md", "questions.jsonl", "moon.md"):
        (tmp_path / "samples").mkdir(exist_ok=True)
        (tmp_path / "samples" / name).write_text('{"question": "Why?", "gold": []}\nfaulty')
    ran = run("run", "--samples", "samples")
    assert fake.queued == ["moon.md"]
    assert "questions.jsonl was not imported" in ran.err
    assert fake.closed
    fake.queued, fake.held = [], [FakeDocument("mine.md")]
    run("run", "--samples", "samples")
    assert fake.queued == []
    assert len(started) == 2


def test_the_samples_questions_can_be_measured_at_once(tmp_path: Path):
    folder = tmp_path / "samples"
    folder.mkdir()
    (folder / "moon.md").write_text("The lamp was lit in 1871. It burned oil.")
    gold = [{"document": "moon.md", "quote": "lit in 1871"}]
    asked = {"id": "q1", "question": "When was the lamp lit?", "gold": gold}
    (folder / "questions.jsonl").write_text(json.dumps(asked))
    settings = Settings(library=tmp_path / "library")
    page.add_samples(settings, folder)
    with Library.open(settings) as library:
        assert QuestionSets(library.index.catalogue).sizes() == {"samples": 1}
        judged = JudgementStore(library.index.catalogue).qrels(["When was the lamp lit?"])
    assert [list(given.values()) for given in judged.grades.values()] == [[3]]


def test_missing_samples_are_wrong_usage(run: Run, started):
    assert run("run", "--samples", "nowhere").code == 2
    assert started == []
