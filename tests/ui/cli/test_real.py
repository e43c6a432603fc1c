"""The commands over a real library with the embedded model: add, ask, check, remove."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.ui.cli.conftest import Run

TEXTS = {
    "moon.md": "# The Moon\n\nThe Moon circles the Earth in twenty-seven days.",
    "mars.txt": "Mars is red because of the rust in its dust.",
    "sun.csv": "star,surface\nSun,5500 degrees\nSirius,9900 degrees\n",
}


@pytest.fixture
def documents(tmp_path: Path, cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("RANKLENS_LIBRARY", str(tmp_path / "library"))
    monkeypatch.setenv("RANKLENS_CACHE", str(cache_folder))
    folder = tmp_path / "documents"
    folder.mkdir()
    for name, text in TEXTS.items():
        (folder / name).write_text(text, "utf-8")
    (folder / "empty.md").touch()
    return folder


def test_a_day_in_the_life_of_a_library(run: Run, documents: Path):
    ran = run("ingest", documents)
    assert ran.code == 1
    assert "added: mars.txt (1 chunk)" in ran.out
    assert ran.err.startswith("failed: empty.md: ")

    ran = run("ask", "Why is Mars red?", "--json")
    assert ran.code == 0
    trace = json.loads(ran.out)
    stages = {stage["name"]: stage for stage in trace["stages"]}
    assert list(stages) == ["dense", "lexical", "fused", "reranked"]
    assert all(stage["seconds"] > 0 and stage["hits"] for stage in stages.values())
    assert stages["reranked"]["hits"][0]["chunk"]["document"] == "mars.txt"
    assert "rust" in trace["answer"]["text"]
    assert trace["answer"]["citations"][0]["number"] == 1

    followed = run("search", "Why is Mars red?", "--pool", 1, "--where", "5500 degrees").out
    assert "Not retrieved: dense retrieval has it at rank" in followed
    assert "\nlexical\t– of 1\t\t\n" in followed
    assert run("search", "Why?", "--where", "zeppelin").code == 1
    assert run("search", "Why?", "--where", "degrees", "--json").code == 2

    assert run("verify").code == 0
    assert run("rebuild").out.splitlines()[-1] == "All is well"
    assert run("remove", "mars.txt").code == 0
    found = run("search", "Why is Mars red?").out
    assert "mars.txt" not in found
    assert "moon.md" in found

    assert "unchanged: moon.md" in run("ingest", documents / "moon.md").out
    assert run("reindex", "moon.md").code == 0
    names = [d["name"] for d in json.loads(run("documents", "--json").out) if d["chunks"]]
    assert names == ["moon.md", "sun.csv"]
    assert run("ask", "what?", "--reranker", "unheard-of").code == 2
