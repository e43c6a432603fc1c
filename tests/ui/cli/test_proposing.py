"""`judgements --propose` and `questions --write` over a real library and a model's server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import WordEncoder
from tests.servers.chat_server import ChatServer
from tests.ui.cli.conftest import Run

ROWS = [
    {
        "question": "What makes the tide?",
        "quote": "The moon makes the tide.",
        "answer": "The moon.",
    },
    {"question": "What is it?", "quote": "not there", "answer": ""},
]


def said(system: str, user: str) -> str:
    if "You write questions" in system:
        return json.dumps(ROWS)
    return "3: says so" if "moon" in user.split("<question-")[0] else "no idea"


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ChatServer]:
    monkeypatch.setattr("ranklens.library.load_encoder", lambda _settings: WordEncoder())
    monkeypatch.setenv("RANKLENS_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("RANKLENS_CACHE", str(tmp_path / "cache"))
    with ChatServer(said) as running:
        monkeypatch.setenv("RANKLENS_CONFIG", str(tmp_path / "mine.toml"))
        (tmp_path / "mine.toml").write_text(
            f'reranker = "none"\nllm_base_url = "{running.url}"\nllm_model = "fake"\n'
        )
        yield running


def test_questions_are_written_then_a_model_grades_and_people_are_compared(
    run: Run, server: ChatServer, tmp_path: Path
):
    (tmp_path / "moon.txt").write_text("The moon makes the tide. It has no wind.\n")
    (tmp_path / "comet.txt").write_text("A comet has a long orbit.\n")
    assert run("ingest", tmp_path / "moon.txt", tmp_path / "comet.txt").code == 0

    assert run("questions", "--write", "moon.txt").code == 2
    assert "no document 'sun.txt'" in run("questions", "--write", "sun.txt", "--set", "made").err
    ran = run("questions", "--write", "moon.txt", "--count", 2, "--set", "made", "--yes")
    assert ran.code == 0
    assert "1 question added to the set made\n" in ran.out
    assert "1 of 1 passages read by fake (calls 1, retries 0, prompt tokens 12" in ran.out
    assert "1 dropped: their quote is not there" in ran.err

    ran = run("judgements", "--propose", "made", "--depth", 2)
    assert ran.code == 1, "one reply was no grade"
    assert "1 of 2 passages graded by fake" in ran.out
    assert "failed: What makes the tide? (comet.txt, characters 0-" in ran.err
    told = run("judgements").out
    assert "fake\tllm\t2\t0" in told, "the quote, and the passage that holds it"
    assert "no question set" in run("judgements", "--propose", "gone").err

    (tmp_path / "ada.csv").write_text(
        "question,document,start,end,grade,judge\nWhat makes the tide?,moon.txt,0,24,1,ada\n"
    )
    assert run("judgements", "ada.csv").code == 0
    assert "fake (model) and the people: kappa 0.000, weighted 0.000" in run("judgements").out


def test_without_a_model_it_is_said_how_to_set_one(run: Run, server: ChatServer, tmp_path: Path):
    (tmp_path / "mine.toml").write_text('reranker = "none"\n')
    ran = run("judgements", "--propose", "made")
    assert ran.code == 1
    assert "set llm_model" in ran.err


def test_people_audit_what_the_model_graded(run: Run, server: ChatServer, tmp_path: Path):
    for name in ("moon", "tide"):
        (tmp_path / f"{name}.txt").write_text(f"The moon makes the {name}.\n")
    assert run("ingest", tmp_path / "moon.txt", tmp_path / "tide.txt").code == 0
    (tmp_path / "q.jsonl").write_text('{"id": "1", "question": "What makes the tide?"}\n')
    assert run("questions", "q.jsonl", "--set", "made").code == 0
    two = ("--pipeline", "none", "--pipeline", "wide:pool=60,reranker=none")
    assert "no model has graded" in run("judgements", "--audit", "made", *two).err
    assert run("judgements", "--propose", "made").code == 0
    ran = run("judgements", "--audit", "made", *two)
    assert ran.code == 0, ran.err
    assert "fake graded 1 question; people graded 0 of them as well" in ran.out
    assert "next: What makes the tide?" in ran.out
    assert "wide against none" in ran.out


def test_answers_are_graded_claim_by_claim(run: Run, server: ChatServer, tmp_path: Path):
    (tmp_path / "moon.txt").write_text("The moon makes the tide.\n")
    assert run("ingest", tmp_path / "moon.txt").code == 0
    (tmp_path / "q.jsonl").write_text('{"id": "1", "question": "What makes the tide?"}\n')
    assert run("questions", "q.jsonl", "--set", "made").code == 0
    assert run("answers").code == 2
    assert "no answer has a thumb" in run("answers", "--thumbs").err
    server.answer = lambda system, _user: (
        "no | The moon is round. | not there" if "supported by sources" in system else "3: it does"
    )
    extracts = ("--pipeline", "generator=extractive,reranker=none")
    ran = run("answers", "made", *extracts)
    assert ran.code == 0, ran.err
    assert "faithfulness\t0.000" in ran.out
    assert "not supported: The moon is round. (not there" in ran.out
    server.answer = lambda _system, _user: "nothing of the kind"
    ran = run("answers", "made", "--json", *extracts)
    assert ran.code == 1
    assert json.loads(ran.out)["measures"] == []
    assert "failed: What makes the tide? (claims)" in ran.err
