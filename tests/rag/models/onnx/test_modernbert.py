"""ModernBERT in ONNX Runtime, held against sentence-transformers on small random weights."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from sentence_transformers import CrossEncoder, SentenceTransformer
from torch.nn import Identity

from rag.errors import ModelError
from rag.models.load import load_cross
from rag.models.onnx.cross import OnnxCross
from rag.models.onnx.encoder import OnnxEncoder
from rag.models.onnx.networks import unsupported
from rag.settings import Settings
from tests.rag.models.tiny import TEXTS, save_modernbert

QUERY = "who found water on mars"
RELU = "torch.nn.modules.activation.ReLU"
BIASES = dict.fromkeys(("attention_bias", "mlp_bias", "norm_bias", "classifier_bias"), True)


def theirs(folder, query=QUERY, texts=TEXTS):
    pairs = [(query, text) for text in texts]
    return CrossEncoder(str(folder)).predict(pairs, activation_fn=Identity())


def mine(folder, tmp_path, engine="float32"):
    return OnnxCross("tiny", folder, tmp_path / "cache", engine)


def assert_same(folder, tmp_path):
    expected = theirs(folder)
    logits = mine(folder, tmp_path).judge([(QUERY, TEXTS)])[0].logits
    np.testing.assert_allclose(logits, expected, atol=1e-4)
    assert np.std(expected) > 0.05  # weights under which a mistake would show


def rewrite(path, **changes):
    config = json.loads(path.read_text())
    config.update(changes)
    path.write_text(json.dumps({k: v for k, v in config.items() if v is not None}))


@pytest.mark.parametrize("layers", [4, 3], ids=["last sees all", "last has a window"])
@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_logits_are_those_of_transformers(pooling, layers, tmp_path):
    config = {"classifier_pooling": pooling, "num_hidden_layers": layers}
    assert_same(save_modernbert(tmp_path / "model", **config), tmp_path)


@pytest.mark.parametrize("pooling", ["cls", "mean"])
def test_a_head_of_modules_as_ettin_has_it(pooling, tmp_path):
    folder = save_modernbert(tmp_path / "model", head=pooling)
    config = json.loads((folder / "config.json").read_text())
    assert config["architectures"] == ["ModernBertModel"]
    assert_same(folder, tmp_path)
    model = load_cross(Settings(cross_encoder=str(folder), cache=tmp_path / "cache"))
    assert model.engine == "onnx float32"


def test_layers_with_biases(tmp_path):
    folder = save_modernbert(tmp_path / "model", **BIASES)
    tensors = load_file(folder / "model.safetensors")
    biased = {n: torch.randn_like(t) if n.endswith(".bias") else t for n, t in tensors.items()}
    save_file(biased, folder / "model.safetensors", {"format": "pt"})
    assert_same(folder, tmp_path)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_weights_in_half_precision(dtype, tmp_path):
    folder = save_modernbert(tmp_path / "model")
    tensors = load_file(folder / "model.safetensors")
    halved = {name: tensor.to(dtype) for name, tensor in tensors.items()}
    save_file(halved, folder / "model.safetensors", {"format": "pt"})
    assert_same(folder, tmp_path)


def test_names_of_older_configurations(tmp_path):
    folder = save_modernbert(tmp_path / "model", num_hidden_layers=5)
    older = {"global_attn_every_n_layers": 2, "global_rope_theta": 500.0, "local_rope_theta": 20.0}
    rewrite(folder / "config.json", layer_types=None, rope_parameters=None, **older)
    before = theirs(folder)
    assert_same(folder, tmp_path)
    rewrite(folder / "config.json", global_rope_theta=160_000.0, local_rope_theta=10_000.0)
    assert np.abs(theirs(folder) - before).max() > 0.01  # the bases matter here


def test_an_encoders_vectors_are_those_of_sentence_transformers(tmp_path):
    folder = save_modernbert(tmp_path / "model", head="none")
    SentenceTransformer(str(folder)).save_pretrained(str(tmp_path / "saved"))
    encoder = OnnxEncoder("tiny", tmp_path / "saved", tmp_path / "cache")
    expected = SentenceTransformer(str(tmp_path / "saved")).encode(TEXTS, normalize_embeddings=True)
    np.testing.assert_allclose(encoder.encode(TEXTS), expected, atol=1e-5)


def test_it_runs_in_float32_on_every_processor(tmp_path):
    model = mine(save_modernbert(tmp_path / "model"), tmp_path, "int8")
    assert model.engine == "onnx float32"


def test_another_head_is_another_graph_and_revision(tmp_path):
    folder = save_modernbert(tmp_path / "model", head="cls")
    first = mine(folder, tmp_path)
    before = first.judge([(QUERY, TEXTS)])[0].logits
    path = folder / "4_Dense" / "model.safetensors"
    save_file({n: -t for n, t in load_file(path).items()}, path)
    second = mine(folder, tmp_path)
    np.testing.assert_allclose(
        second.judge([(QUERY, TEXTS)])[0].logits, -np.array(before), atol=1e-5
    )
    assert second.revision != first.revision


def test_several_labels_are_refused(tmp_path):
    with pytest.raises(ModelError, match="gives 3 labels"):
        mine(save_modernbert(tmp_path / "model", head="cls", labels=3), tmp_path)


@pytest.mark.parametrize(
    ("file", "changes", "reason"),
    [
        (
            "2_Dense/config.json",
            {"activation_function": "torch.nn.modules.activation.ReLU"},
            "ReLU",
        ),
        ("2_Dense/config.json", {"module_input_name": "token_embeddings"}, "something else"),
        ("1_Pooling/config.json", {"pooling_mode": "max"}, "pooling is max"),
        ("config.json", {"hidden_activation": "relu"}, "activation 'relu'"),
        ("config_sentence_transformers.json", {"default_prompt_name": "query"}, "puts a prompt"),
    ],
)
def test_what_has_no_graph_says_why(file, changes, reason, tmp_path):
    folder = save_modernbert(tmp_path / "model", head="cls")
    rewrite(folder / file, **changes)
    with pytest.raises(ModelError, match=reason):
        mine(folder, tmp_path)


def test_what_has_no_graph_runs_in_torch(tmp_path):
    folder = save_modernbert(tmp_path / "model", head="cls")
    rewrite(folder / "2_Dense/config.json", activation_function=RELU)
    model = load_cross(Settings(cross_encoder=str(folder), cache=tmp_path / "cache"))
    assert model.engine.startswith("torch")
    logits = model.judge([(QUERY, TEXTS)])[0].logits
    np.testing.assert_allclose(logits, theirs(folder), atol=1e-4)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"rope_scaling": {"type": "yarn"}}, "positions are scaled"),
        ({"rope_parameters": {"full_attention": {"rope_type": "linear"}}}, "positions are scaled"),
        ({"layer_types": ["full_attention", "linear_attention"]}, "layers are linear_attention"),
        ({"classifier_pooling": "max"}, "pooling is 'max'"),
        ({"classifier_activation": "silu"}, "activation 'silu'"),
    ],
)
def test_configurations_of_another_kind(change, reason):
    config = {"model_type": "modernbert", "num_hidden_layers": 2}
    assert unsupported(config) == ""
    assert reason in unsupported({**config, **change})


def test_a_missing_module_is_named(tmp_path):
    folder = save_modernbert(tmp_path / "model", head="cls")
    (folder / "3_LayerNorm" / "model.safetensors").unlink()
    with pytest.raises(ModelError, match=r"3_LayerNorm: has no model\.safetensors"):
        mine(folder, tmp_path)
