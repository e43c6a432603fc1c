"""`ranklens collections`, and `--collection` of the other commands, on a real library."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.fakes import WordEncoder
from tests.ui.cli.conftest import Run


@pytest.fixture(autouse=True)
def encoder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("ranklens.library.load_encoder", lambda _settings: WordEncoder())
    monkeypatch.setenv("RANKLENS_RERANKER", "none")
    monkeypatch.setenv("RANKLENS_LIBRARY", str(tmp_path / "library"))
    (tmp_path / "moon.md").write_text("The moon pulls the tide.", "utf-8")
    (tmp_path / "sun.md").write_text("The sun has a tide too.", "utf-8")


def listed(run: Run) -> dict[str, int]:
    return {
        one["name"]: one["documents"]
        for one in json.loads(run("collections", "list", "--json").out)
    }


def test_documents_are_added_to_a_collection_and_asked_within_it(run: Run):
    assert run("ingest", "sun.md").code == 0
    assert run("ingest", "moon.md", "--collection", "moon").code == 0
    assert listed(run) == {"default": 1, "moon": 1}
    found = json.loads(run("search", "tide", "--json", "--collection", "moon").out)
    assert found["settings"]["collection"] == "moon"
    assert {h["chunk"]["document"] for h in found["stages"][-1]["hits"]} == {"moon.md"}
    assert "within: collection moon" in run("ask", "tide", "--collection", "moon").out
    assert "sun.md" not in run("documents", "--collection", "moon").out
    refused = run("search", "tide", "--collection", "mon")
    assert (refused.code, "did you mean 'moon'?" in refused.err) == (1, True)


def test_collections_are_made_filled_renamed_and_removed(run: Run):
    run("ingest", "sun.md", "moon.md")
    assert run("collections", "make", "far").out == "made: far\n"
    assert run("collections", "put", "far", "sun.md", "moon.md").out == "2 documents put into far\n"
    assert run("collections", "take", "far", "moon.md").out == "1 document taken out of far\n"
    assert listed(run) == {"default": 2, "far": 1}
    documents = json.loads(run("documents", "--json").out)
    assert {one["name"]: one["collections"] for one in documents} == {
        "moon.md": ["default"], "sun.md": ["default", "far"],
    }  # fmt: skip
    assert run("collections", "rename", "far", "stars").out == "renamed: stars\n"
    assert "stars\t1" in run("collections").out
    assert run("collections", "remove", "stars").code == 0
    assert listed(run) == {"default": 2}
    refused = run("collections", "remove", "default")
    assert (refused.code, "neither renamed nor removed" in refused.err) == (1, True)
