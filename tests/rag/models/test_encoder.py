import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer
from transformers import ByT5Tokenizer

from rag.errors import ModelError, ModelMissing
from rag.models import hub
from rag.models.encoder import unit
from rag.models.hub import embedded_folder
from rag.models.load import load_encoder
from rag.models.tokens import count_with, token_counter
from rag.models.torch_encoder import load_torch
from rag.settings import Settings
from tests.rag.models.tiny import TEXTS, save_encoder

PASSAGES = [
    "The rover landed on Mars in 2012.",
    "",
    "Ünïcödé, 漢字 and 🚀 emoji",
    "a long passage about many things " * 80,
    "Line one\nline two\n\nline three",
]


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def embedded(cache):
    return load_encoder(Settings(cache=cache, engine="float32"))


@pytest.fixture(scope="module")
def original():
    return SentenceTransformer(str(embedded_folder()))


def load(folder, cache):
    return load_encoder(Settings(encoder=str(folder), cache=cache, engine="float32"))


def test_the_embedded_encoder_describes_itself(embedded):
    described = (embedded.name, embedded.revision, embedded.dimension, embedded.max_tokens)
    assert described == ("all-MiniLM-L6-v2", "53aa51172d142c89", 384, 256)
    assert embedded.engine == "onnx float32"


def test_the_embedded_encoder_gives_sentence_transformers_vectors(embedded, original):
    vectors = embedded.encode(PASSAGES)
    np.testing.assert_allclose(vectors, original.encode(PASSAGES), atol=1e-4)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(embedded.encode_query("ice"), original.encode("ice"), atol=1e-4)


def test_token_vectors_are_the_hidden_states_without_special_tokens(embedded, original):
    for mine, text in zip(embedded.encode_tokens(PASSAGES), PASSAGES, strict=True):
        states = original.encode(text, output_value="token_embeddings").numpy()[1:-1]
        np.testing.assert_allclose(mine, unit(states), atol=1e-4)


def test_one_pass_gives_both(embedded):
    vectors, tokens = embedded.encode_both(PASSAGES)
    np.testing.assert_allclose(vectors, embedded.encode(PASSAGES), atol=1e-5)
    for mine, expected in zip(tokens, embedded.encode_tokens(PASSAGES), strict=True):
        np.testing.assert_allclose(mine, expected, atol=1e-5)


def test_nothing_in_nothing_out(embedded):
    assert embedded.encode([]).shape == (0, 384)
    assert embedded.encode_tokens([]) == []
    assert embedded.count_tokens([]) == []


def test_counts_neither_add_special_tokens_nor_truncate(embedded):
    assert embedded.count_tokens(["one two three", "", "word " * 1000]) == [3, 0, 1000]


def test_spans_name_the_characters_of_each_token(embedded):
    text = "Red planet."
    spans = embedded.token_spans(text)
    assert [text[start:end] for start, end in spans] == ["Red", "planet", "."]
    assert len(embedded.token_spans("word " * 1000)) == 254


def test_threads_share_one_encoder(embedded):
    texts = [f"passage number {i} " * (i + 1) for i in range(12)]
    expected = embedded.encode(texts)
    with ThreadPoolExecutor(6) as pool:
        for vectors in pool.map(lambda _: embedded.encode(texts), range(12)):
            np.testing.assert_allclose(vectors, expected, atol=1e-6)


@pytest.mark.parametrize(
    ("family", "pooling"),
    [
        ("bert", "mean_tokens"),
        ("bert", "cls_token"),
        ("roberta", "cls_token"),
        ("xlm-roberta", "mean_tokens"),
        ("electra", "mean_tokens"),
    ],
)
def test_every_family_equals_sentence_transformers(family, pooling, tmp_path, cache):
    prompts = {"query": "what is ", "document": "the "}
    folder = save_encoder(tmp_path / "model", family, pooling, prompts=prompts)
    mine, theirs = load(folder, cache), SentenceTransformer(str(folder))
    assert mine.engine == "onnx float32"
    assert mine.max_tokens == 32
    np.testing.assert_allclose(mine.encode(TEXTS), theirs.encode_document(TEXTS), atol=1e-4)
    for text in TEXTS:
        np.testing.assert_allclose(mine.encode_query(text), theirs.encode_query(text), atol=1e-4)
    vectors, tokens = mine.encode_both(TEXTS)
    np.testing.assert_allclose(vectors, mine.encode(TEXTS), atol=1e-5)
    assert [len(rows) for rows in tokens] == [len(mine.token_spans(text)) for text in TEXTS]


@pytest.mark.parametrize(
    ("family", "pooling"), [("bert", "max_tokens"), ("distilbert", "mean_tokens")]
)
def test_what_has_no_graph_runs_in_torch_and_says_so(family, pooling, tmp_path, cache, caplog):
    caplog.set_level("INFO")
    folder = save_encoder(tmp_path / "model", family, pooling)
    mine, theirs = load(folder, cache), SentenceTransformer(str(folder))
    assert mine.engine.startswith("torch float32")
    assert "runs in torch" in caplog.text
    assert len(mine.revision) == 16
    np.testing.assert_allclose(mine.encode(TEXTS), theirs.encode(TEXTS), atol=1e-4)
    np.testing.assert_allclose(mine.encode_query("ice"), theirs.encode("ice"), atol=1e-4)
    assert mine.encode([]).shape == (0, 32)
    assert mine.count_tokens(TEXTS[:3]) == [8, 2, 0]
    states = theirs.encode(TEXTS[0], output_value="token_embeddings").numpy()[1:-1]
    np.testing.assert_allclose(mine.encode_tokens(TEXTS)[0], unit(states), atol=1e-4)
    assert [len(rows) for rows in mine.encode_tokens(TEXTS)] == [
        len(mine.token_spans(text)) for text in TEXTS
    ]


def test_torch_runs_the_embedded_model_to_the_same_vectors(embedded, cache):
    from rag.models.torch_encoder import TorchEncoder

    torch = TorchEncoder("all-MiniLM-L6-v2", embedded_folder(), cache)
    assert (torch.revision, torch.dimension, torch.max_tokens) == (embedded.revision, 384, 256)
    np.testing.assert_allclose(torch.encode(PASSAGES), embedded.encode(PASSAGES), atol=1e-4)


def test_a_start_from_the_cache_imports_neither_torch_nor_onnx(cache):
    load_encoder(Settings(cache=cache))
    code = (
        "import sys, pathlib\n"
        "from rag.models.load import load_encoder\n"
        "from rag.rerank.late_interaction import LateInteraction\n"
        "from rag.settings import Settings\n"
        "encoder = load_encoder(Settings(cache=pathlib.Path(sys.argv[1])))\n"
        "encoder.encode(['a passage']); LateInteraction(encoder).score('a', ['b'])\n"
        "heavy = {'torch', 'sentence_transformers', 'transformers', 'onnx'} & set(sys.modules)\n"
        "sys.exit(f'imported {heavy}' if heavy else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(cache)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_altered_embedded_weights_are_refused(tmp_path, monkeypatch):
    altered = tmp_path / "model"
    altered.mkdir()
    for file in embedded_folder().glob("*.json"):
        (altered / file.name).write_bytes(file.read_bytes())
    weights = bytearray((embedded_folder() / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (altered / "model.safetensors").write_bytes(weights)
    monkeypatch.setattr(hub, "embedded_folder", lambda: altered)
    monkeypatch.setattr("rag.models.load.embedded_folder", lambda: altered)
    with pytest.raises(ModelError, match="not the weights of all-MiniLM-L6-v2"):
        load_encoder(Settings(cache=tmp_path / "cache"))


def test_a_missing_model_is_named_with_the_way_to_get_it(tmp_path):
    settings = Settings(encoder="nobody/has-this-model", cache=tmp_path)
    with pytest.raises(ModelMissing, match="ranklens models pull nobody/has-this-model"):
        load_encoder(settings)


def test_damaged_weights_are_named(tmp_path):
    folder = save_encoder(tmp_path / "model", "bert")
    (folder / "model.safetensors").write_bytes(b"not tensors")
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_encoder(Settings(encoder=str(folder), cache=tmp_path / "cache"))


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("When was the old bridge over the river opened to the public?", 0.9, 1.0),
        ("Când a fost deschis publicului podul vechi de peste râu?", 0.3, 0.8),
        ("Nehrin üzerindeki eski köprü halka ne zaman açıldı?", 0.2, 0.6),
        ("Πότε άνοιξε για το κοινό η παλιά γέφυρα του ποταμού;", 0.1, 0.15),
        ("สะพานเก่าข้ามแม่น้ำเปิดให้ประชาชนใช้เมื่อใด", 0.1, 0.15),
    ],
)
def test_the_embedded_encoder_knows_english_and_spells_the_rest(embedded, text, least, most):
    assert least <= embedded.coverage([text]) <= most


@pytest.mark.parametrize("family", ["bert", "roberta", "distilbert"])
def test_another_process_counts_what_the_encoder_counts(family, tmp_path, cache):
    """From a model's own files on ONNX, from what is in memory on torch (distilbert)."""
    mine = load(save_encoder(tmp_path / "model", family, "mean_tokens"), cache)
    texts = [*TEXTS, *PASSAGES]
    assert token_counter(mine.token_counter)(texts) == mine.count_tokens(texts)
    assert token_counter(mine.token_counter)([]) == []


def test_a_tokeniser_in_python_counts_the_same_from_its_files(tmp_path):
    tokenizer = ByT5Tokenizer()
    tokenizer.save_pretrained(str(tmp_path))
    assert not (tmp_path / "tokenizer.json").exists()
    counts = token_counter(tmp_path)(TEXTS)
    assert counts == count_with(tokenizer, TEXTS) == [len(text.encode()) for text in TEXTS]


def test_a_folder_without_a_tokeniser_is_refused(tmp_path):
    with pytest.raises(ModelError, match="no tokeniser"):
        token_counter(tmp_path)


def test_torch_that_is_not_installed_is_an_error_in_words(tmp_path, monkeypatch):
    (tmp_path / "tokenizer.json").write_text("{}")
    monkeypatch.setitem(sys.modules, "sentence_transformers", None)
    with pytest.raises(ModelError, match=r"runs in torch only.*pip install torch"):
        load_torch("SentenceTransformer", "some/model", tmp_path)
