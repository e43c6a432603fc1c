from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.store.verifying import IndexReport
from tests.ui.cli.conftest import Run
from tests.ui.cli.fakes import FakeLibrary


def test_settings_shows_every_option_and_no_key(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RANKLENS_POOL", "7")
    monkeypatch.setenv("RANKLENS_LLM_API_KEY", "sk-very-secret")
    ran = run("settings")
    assert any(line.startswith("pool\t7\t50\t") for line in ran.out.splitlines())
    assert "llm_api_key\t(set)\t(not set)" in ran.out
    values = json.loads(run("settings", "--json").out)
    assert values["pool"] == "7"
    assert "sk-very-secret" not in ran.out + json.dumps(values)


def test_a_wrong_setting_is_wrong_usage(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RANKLENS_POLL", "7")
    ran = run("settings")
    assert ran.code == 2
    assert ran.err.count("\n") == 1
    assert "RANKLENS_POOL" in ran.err


def test_the_markdown_ignores_what_is_set_here(run: Run, monkeypatch: pytest.MonkeyPatch):
    before = run("settings", "--markdown").out
    monkeypatch.setenv("RANKLENS_POOL", "7")
    assert run("settings", "--markdown").out == before
    assert run("settings", "--markdown", "--json").code == 2


@pytest.mark.parametrize("command", ["verify", "rebuild"])
def test_a_sound_library(run: Run, fake: FakeLibrary, command: str):
    fake.report = IndexReport(4, 4, 4, 1.0, ())
    ran = run(command)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        "4 chunks, 4 vectors, 4 in the BM25 index",
        "Chroma finds 100% of the exact nearest chunks (sampled)",
        "All is well",
    ]


def test_an_unsound_library_fails_and_says_what_to_do(run: Run, fake: FakeLibrary):
    fake.report = IndexReport(4, 3, 4, None, ("Chroma lacks 1 of 4 chunks",))
    ran = run("verify")
    assert ran.code == 1
    assert ran.err.splitlines()[0] == "problem: Chroma lacks 1 of 4 chunks"
    assert "ranklens rebuild" in ran.err


def test_the_settings_file_can_be_named_and_is_shown(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("RANKLENS_CONFIG", "")  # put back after the test: --config sets it
    (tmp_path / "ranklens.toml").write_text('llm_base_url = "http://evil.example/v1"\n')
    ran = run("settings")
    assert ran.code == 2
    assert "sets llm_base_url" in ran.err
    (tmp_path / "mine.toml").write_text('llm_base_url = "http://mine.example/v1"\n')
    ran = run("--config", "mine.toml", "settings")
    assert "http://mine.example/v1" in ran.out
    assert f"settings file: {tmp_path}/mine.toml (named by --config" in ran.err
    assert run("--config", "nowhere.toml", "settings").code == 2
