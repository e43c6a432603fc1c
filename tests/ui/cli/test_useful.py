"""`judge` over a small real library: what is shown, what is kept, and how it stands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes import WordEncoder
from tests.ui.cli.conftest import Run

TWO = ("--pipeline", "dense:reranker=none,lexical_weight=0", "--pipeline",
       "words:reranker=none,dense_weight=0")  # fmt: skip


@pytest.fixture
def stocked(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ranklens.library.load_encoder", lambda _settings: WordEncoder())
    monkeypatch.setenv("RANKLENS_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("RANKLENS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("RANKLENS_RERANKER", "none")
    texts = {
        "moon": "The moon pulls the tide.",
        "cheese": "Cheese, cheese and cheese.",  # the encoder does not know the word
        "comet": "A comet has a tail.",
    }
    for name, text in texts.items():
        (tmp_path / f"{name}.txt").write_text(text)
    assert run("ingest", *tmp_path.glob("*.txt")).code == 0
    (tmp_path / "q.jsonl").write_text('{"id": "1", "question": "Is the tide of cheese?"}\n')
    assert run("questions", "q.jsonl", "--set", "q").code == 0


def test_the_next_judgements_are_listed_and_asked_for(
    run: Run, stocked: None, monkeypatch: pytest.MonkeyPatch
):
    listed = run("judge", "q", *TWO, "--list", 3)
    assert listed.code == 0
    assert "Is the tide of cheese?" in listed.out
    found = json.loads(run("judge", "q", *TWO, "--json").out)
    assert {"set", "next", "standing", "failures"} <= found.keys()
    answers = iter(["7", "3", "q"])
    monkeypatch.setattr("typer.prompt", lambda _text: next(answers))
    ran = run("judge", "q", *TWO, "--judge", "ada")
    assert ran.code == 0
    assert "7 is no grade" in ran.out
    assert "words against dense: no difference shown; 1 question can show none" in ran.out
    assert "ada\tperson\t1\t0\t0" in run("judgements").out


def test_an_unknown_set_is_named(run: Run, stocked: None):
    assert "no question set" in run("judge", "gone", *TWO).err
