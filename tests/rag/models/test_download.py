import json
import os
import socket
import subprocess
import sys
import time
from itertools import pairwise

import pytest

from rag.errors import ModelError
from rag.models import download as module
from rag.models.download import Download, Progress, download, wanted
from rag.models.hub import locate
from tests.servers.hub_server import HubServer

TINY = {
    "config.json": b'{"model_type": "bert"}',
    "model.safetensors": b"w" * 100_000,
    "pytorch_model.bin": b"w" * 100_000,
    "onnx/model.onnx": b"w" * 100_000,
    "tokenizer.json": b"{}",
}


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(module, "ANSWER_SECONDS", 0.5)
    monkeypatch.setattr(module, "STALL_SECONDS", 1.5)


@pytest.fixture
def at(monkeypatch, tmp_path):
    """Point the hub's client at an address, with a cache of its own."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))

    def point(endpoint):
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
        template = f"{endpoint}/{{repo_id}}/resolve/{{revision}}/{{filename}}"
        monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr("huggingface_hub.hf_api.api.endpoint", endpoint)

    return point


def test_a_model_is_downloaded_and_found(at):
    seen: list[Progress] = []
    with HubServer({"tiny/model": TINY}) as hub:
        at(hub.url)
        folder = download("tiny/model", seen.append)
    assert folder == locate("tiny/model")
    assert (folder / "model.safetensors").read_bytes() == TINY["model.safetensors"]
    assert sorted(hub.fetched) == ["config.json", "model.safetensors", "tokenizer.json"]
    assert all(a.done <= b.done for a, b in pairwise(seen))


def test_progress_counts_the_bytes(at):
    with HubServer({"tiny/model": TINY}) as hub:
        at(hub.url)
        fetching = Download("tiny/model").start()
        while fetching.running:
            time.sleep(0.01)
    size = sum(map(len, TINY.values())) - 200_000
    assert fetching.progress == Progress(size, size)


def test_what_is_here_is_not_fetched_again(at):
    with HubServer({"tiny/model": TINY}) as hub:
        at(hub.url)
        download("tiny/model")
        download("tiny/model")
    assert hub.fetched.count("model.safetensors") == 1


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"": 503}, "503"),
        ({"": 401}, "refused it .401.; check the name"),
        ({"": "hang"}, "cannot be reached|nothing came"),
        ({"model.safetensors": "stall"}, "nothing came"),
        ({"model.safetensors": "hang"}, "nothing came"),
    ],
)
def test_a_hub_in_trouble_is_given_up_within_seconds(at, fault, said):
    start = time.monotonic()
    with HubServer({"tiny/model": TINY}, fault) as hub:
        at(hub.url)
        with pytest.raises(ModelError, match=f"tiny/model cannot be downloaded.*({said})"):
            download("tiny/model")
        assert time.monotonic() - start < 8
    with pytest.raises(ModelError):
        locate("tiny/model")


def test_a_broken_off_download_can_be_made_good(at):
    with HubServer({"tiny/model": TINY}, {"model.safetensors": 500}) as hub:
        at(hub.url)
        with pytest.raises(ModelError):
            download("tiny/model")
        hub.faults.clear()
        assert download("tiny/model") == locate("tiny/model")


def test_an_unknown_model_is_named(at):
    with HubServer({}) as hub:
        at(hub.url)
        with pytest.raises(ModelError, match="no such model; check the name"):
            download("nobody/nothing")
        with pytest.raises(ModelError, match="no model id"):
            download("two words")


def test_a_server_that_accepts_and_never_answers(at):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        at(f"http://127.0.0.1:{silent.getsockname()[1]}")
        start = time.monotonic()
        with pytest.raises(ModelError, match="tiny/model cannot be downloaded"):
            download("tiny/model")
    assert time.monotonic() - start < 5


def test_a_refused_connection(at):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    at(f"http://127.0.0.1:{port}")
    start = time.monotonic()
    with pytest.raises(ModelError, match="cannot be reached"):
        download("tiny/model")
    assert time.monotonic() - start < 5


def test_a_download_can_be_stopped(at):
    with HubServer({"tiny/model": TINY}, {"model.safetensors": "slow"}) as hub:
        at(hub.url)
        fetching = Download("tiny/model").start()
        fetching.cancel()
        assert not fetching.running
        assert "stopped" in fetching.error


def test_offline_says_so_at_once(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE is set"):
        download("some/model")


def test_a_full_disk_is_noticed_before(at, monkeypatch):
    usage = type("Usage", (), {"free": 10_000})
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _folder: usage)
    with HubServer({"tiny/model": TINY}) as hub:
        at(hub.url)
        with pytest.raises(ModelError, match="make room"):
            download("tiny/model")
    assert hub.fetched == []


def test_the_endpoint_of_the_environment_is_used(tmp_path):
    """In a process of its own, as a user has it: HF_ENDPOINT and HF_HOME, nothing patched."""
    code = "import sys; from rag.models.download import download; print(download(sys.argv[1]))"
    with HubServer({"tiny/model": TINY}) as hub:
        env = {**os.environ, "HF_ENDPOINT": hub.url, "HF_HOME": str(tmp_path)}
        env.pop("HF_HUB_OFFLINE", None)
        command = [sys.executable, "-c", code, "tiny/model"]
        done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip().startswith(str(tmp_path)), done.stderr
    assert "model.safetensors" in hub.fetched


def test_only_one_copy_of_the_weights_is_fetched():
    sizes = dict.fromkeys(
        ["config.json", "model.safetensors", "pytorch_model.bin", "tf_model.h5"], 1
    ) | dict.fromkeys(
        ["onnx/model.onnx", "openvino/openvino_model.bin", "1_Pooling/config.json"], 2
    )
    assert list(wanted(sizes)) == ["config.json", "model.safetensors", "1_Pooling/config.json"]
    assert "pytorch_model.bin" in wanted({"pytorch_model.bin": 2, "config.json": 1})
    assert json.dumps(wanted({})) == "{}"
