import socket
import time

import pytest

from rag.errors import ModelError
from rag.models import pull


@pytest.fixture
def online(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", False)

    def at(endpoint):
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", endpoint)
        monkeypatch.setattr("huggingface_hub.hf_api.constants.ENDPOINT", endpoint)

    return at


def test_offline_says_so_at_once(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ModelError, match="HF_HUB_OFFLINE is set"):
        pull.download("some/model")


def test_a_server_that_never_answers_is_given_up_within_seconds(online, monkeypatch):
    monkeypatch.setattr(pull, "SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        online(f"http://127.0.0.1:{silent.getsockname()[1]}")
        start = time.monotonic()
        with pytest.raises(ModelError, match="some/model cannot be downloaded"):
            pull.download("some/model")
    assert time.monotonic() - start < 10


def test_a_refused_connection_is_given_up_within_seconds(online, monkeypatch):
    monkeypatch.setattr(pull, "SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    online(f"http://127.0.0.1:{port}")
    start = time.monotonic()
    with pytest.raises(ModelError, match="cannot be downloaded"):
        pull.download("some/model")
    assert time.monotonic() - start < 10


def test_only_one_copy_of_the_weights_is_fetched():
    sizes = {
        "config.json": 1,
        "model.safetensors": 2,
        "pytorch_model.bin": 2,
        "tf_model.h5": 2,
        "onnx/model.onnx": 2,
        "openvino/openvino_model.bin": 2,
        "1_Pooling/config.json": 1,
    }
    assert list(pull.wanted(sizes)) == ["config.json", "model.safetensors", "1_Pooling/config.json"]
    assert "pytorch_model.bin" in pull.wanted({"pytorch_model.bin": 2, "config.json": 1})
