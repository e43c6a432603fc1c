import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from rag.errors import ModelError
from rag.models.files import MEMORY, file_digest
from rag.models.onnx.exports import graph_for
from rag.models.onnx.networks import unsupported
from tests.rag.models.tiny import save_cross, save_encoder


def test_a_graph_is_made_once(tmp_path, monkeypatch):
    folder = save_encoder(tmp_path / "model", "bert")
    first = graph_for(folder, "hidden", tmp_path / "cache")
    monkeypatch.setattr("rag.models.onnx.exports._make", None)
    assert graph_for(folder, "hidden", tmp_path / "cache") == first


def test_other_weights_make_another_graph(tmp_path):
    cache = tmp_path / "cache"
    one = graph_for(save_encoder(tmp_path / "a", "bert"), "hidden", cache)
    two = graph_for(save_encoder(tmp_path / "b", "electra"), "hidden", cache)
    assert one != two


def test_several_at_once_leave_one_graph_and_nothing_else(tmp_path):
    folder = save_encoder(tmp_path / "model", "bert")
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: graph_for(folder, "hidden", tmp_path / "c"), range(8)))
    assert len(made) == 1
    assert [path.name for path in (tmp_path / "c" / "graphs").iterdir()] == [made.pop().parent.name]


def test_weights_that_do_not_fit_the_configuration_are_refused(tmp_path):
    folder = save_cross(tmp_path / "model", "bert")
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "num_hidden_layers": 9}))
    with pytest.raises(ModelError, match=r"encoder\.layer\.2"):
        graph_for(folder, "logits", tmp_path / "cache")
    assert list((tmp_path / "cache" / "graphs").iterdir()) == []


@pytest.mark.parametrize("content", ["", "[]", "{", "\xff"])
def test_a_malformed_configuration_is_named(content, tmp_path):
    (tmp_path / "config.json").write_text(content, "latin-1")
    with pytest.raises(ModelError, match=r"config\.json"):
        graph_for(tmp_path, "hidden", tmp_path / "cache")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"model_type": "t5"}, "architecture"),
        ({"hidden_act": "relu"}, "activation"),
        ({"position_embedding_type": "relative_key"}, "positions"),
        ({"is_decoder": True}, "decoder"),
    ],
)
def test_what_has_no_graph_says_why(change, reason):
    config = {"model_type": "bert", "hidden_act": "gelu"}
    assert unsupported(config) == ""
    assert reason in unsupported({**config, **change})


def test_a_digest_is_remembered_until_the_file_changes(tmp_path, monkeypatch):
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    first = file_digest(file, tmp_path / "cache")
    with monkeypatch.context() as patch:
        patch.setattr("hashlib.file_digest", None)
        assert file_digest(file, tmp_path / "cache") == first
    file.write_bytes(b"another")
    assert file_digest(file, tmp_path / "cache") != first


def test_a_damaged_memory_of_digests_only_costs_time(tmp_path):
    file = tmp_path / "weights"
    file.write_bytes(b"one")
    (tmp_path / MEMORY).write_text("{ not json")
    assert file_digest(file, tmp_path).startswith("7692c3ad")
