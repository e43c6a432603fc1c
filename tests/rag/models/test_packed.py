"""The encoder whose weights a package carries in four bits: read, unpacked, refused, used."""

import json
import struct
import sys
from importlib.metadata import PackageNotFoundError, distribution

import numpy as np
import pytest
from safetensors.numpy import load_file
from sentence_transformers import SentenceTransformer
from tokenizers import Tokenizer

from rag.errors import ModelError, ModelMissing
from rag.models import hub, packed
from rag.models.hub import PACKED, PACKED_IN, locate
from rag.models.load import load_encoder
from rag.models.onnx.encoder import OnnxEncoder
from rag.settings import Settings

PIECES = ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁bridge", "▁ice", "s", "i", "c", "e", "<mask>"]
HIDDEN, HEADS, INNER, POSITIONS = 32, 4, 64, 16


def four_bits(rng, rows, columns):
    """Return random weights that four bits hold, and their blocks."""
    levels = rng.integers(0, 16, (rows * columns // 32, 32), dtype=np.uint8)
    scales = rng.uniform(0.01, 0.05, (len(levels), 1)).astype("<f2")
    halves = levels[:, :16] | levels[:, 16:] << 4
    blocks = np.concatenate([scales.view("u1"), halves], axis=1).tobytes()
    weights = (levels.astype(np.float32) - 8) * scales.astype(np.float32)
    return weights.reshape(rows, columns), blocks


def floats(rng, *shape):
    values = rng.normal(1.0, 0.1, shape).astype("<f4")
    return values, values.tobytes()


def write(path, cut=0):
    """Write a packed file of one layer; return its tensors by their packed names."""
    rng = np.random.default_rng(7)
    made = {
        "emb.word": four_bits(rng, len(PIECES), HIDDEN),
        "emb.pos": floats(rng, POSITIONS, HIDDEN),
        "emb.type": floats(rng, 2, HIDDEN),
        "emb.ln.w": floats(rng, HIDDEN),
        "emb.ln.b": floats(rng, HIDDEN),
    }
    for name in ("q", "k", "v", "ao", "fi", "fo"):
        rows, columns = {"fi": (INNER, HIDDEN), "fo": (HIDDEN, INNER)}.get(name, (HIDDEN, HIDDEN))
        made[f"l0.{name}.w"] = four_bits(rng, rows, columns)
        made[f"l0.{name}.b"] = floats(rng, rows)
    for name in ("aln", "oln"):
        made |= {f"l0.{name}.w": floats(rng, HIDDEN), f"l0.{name}.b": floats(rng, HIDDEN)}
    head = b"E5S1" + struct.pack(
        "<I7ifi", 1, HIDDEN, 1, HEADS, INNER, len(PIECES), 16, 2, 1e-12, 32
    )
    text = [piece.encode() for piece in PIECES]
    offsets = np.cumsum([0, *map(len, text)]).astype("<u4").tobytes()
    scores = np.array([0, 0, 0, 0, *[-2.0] * 8], "<f4").tobytes()
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, sum(map(len, text)))
    head += offsets + scores + b"".join(text) + struct.pack("<iI", 1, 9) + b"\0" * 9
    head += struct.pack("<i", len(made))
    at = len(head) + sum(2 + len(name) + 21 for name in made)
    data = b""
    for name, (values, raw) in made.items():
        kind = int(name == "emb.word" or raw != values.tobytes())
        entry = struct.pack("<BIQQ", kind, values.size, at + len(data), len(raw))
        head += struct.pack("<H", len(name)) + name.encode() + entry
        data += raw
    path.write_bytes((head + data)[: -cut or None])
    return {name: values for name, (values, _) in made.items()}


@pytest.fixture
def model(tmp_path):
    """The folder of a small unpacked model, and the weights that went into it."""
    weights = write(tmp_path / "packed.bin")
    packed.unpack(tmp_path / "packed.bin", tmp_path)
    return tmp_path, weights


def test_weights_have_their_values_and_the_names_of_bert(model):
    folder, weights = model
    tensors = load_file(folder / "model.safetensors")
    pairs = {
        "embeddings.word_embeddings.weight": "emb.word",
        "embeddings.LayerNorm.bias": "emb.ln.b",
        "encoder.layer.0.attention.self.query.weight": "l0.q.w",
        "encoder.layer.0.attention.output.LayerNorm.weight": "l0.aln.w",
        "encoder.layer.0.intermediate.dense.weight": "l0.fi.w",
        "encoder.layer.0.output.dense.weight": "l0.fo.w",
    }
    for name, own in pairs.items():
        np.testing.assert_allclose(tensors[name], weights[own], rtol=1e-3)
    assert len(tensors) == len(weights)


def test_text_is_cut_as_sentencepiece_does(model):
    tokenizer = Tokenizer.from_file(str(model[0] / "tokenizer.json"))
    encoding = tokenizer.encode("bridges   ｉｃｅ\u200b x")  # spaces, wide letters, one unknown
    assert encoding.tokens == ["<s>", "▁bridge", "s", "▁ice", "▁", "x", "</s>"]
    assert encoding.ids[-2] == 3


def test_the_folder_is_a_model_of_sentence_transformers_too(model, tmp_path):
    mine = OnnxEncoder("small", model[0], tmp_path / "cache")
    theirs = SentenceTransformer(str(model[0]))
    texts = ["bridge ice", "ices", "ice " * 30]
    np.testing.assert_allclose(mine.encode(texts), theirs.encode_document(texts), atol=1e-4)
    np.testing.assert_allclose(mine.encode_query("ice"), theirs.encode_query("ice"), atol=1e-4)
    assert (mine.dimension, mine.max_tokens) == (HIDDEN, POSITIONS)


@pytest.mark.parametrize("content", [b"", b"E5S1", b"E5S2" + b"\0" * 40, b"E5S1\1" + b"\xff" * 99])
def test_what_is_no_packed_file_is_refused(content, tmp_path):
    (tmp_path / "packed.bin").write_bytes(content)
    with pytest.raises(ModelError, match=r"packed\.bin: not a packed model"):
        packed.unpack(tmp_path / "packed.bin", tmp_path)


def test_a_file_that_was_cut_off_is_refused(tmp_path):
    write(tmp_path / "packed.bin", cut=100)
    with pytest.raises(ModelError, match="not a packed model"):
        packed.unpack(tmp_path / "packed.bin", tmp_path)


def test_other_weights_than_the_known_ones_are_never_read(tmp_path):
    write(tmp_path / packed.FILE)
    with pytest.raises(ModelError, match=r"not the weights of multilingual.*--force-reinstall"):
        packed.unpacked(tmp_path, tmp_path / "cache")
    assert not (tmp_path / "cache" / "models").exists()


def test_it_is_unpacked_once(tmp_path, monkeypatch):
    write(tmp_path / packed.FILE)
    digest = packed.file_digest(tmp_path / packed.FILE, tmp_path / "cache")
    monkeypatch.setattr(packed, "SHA256", digest)
    folder = packed.unpacked(tmp_path, tmp_path / "cache")
    assert json.loads((folder / "config.json").read_text())["vocab_size"] == len(PIECES)
    (tmp_path / packed.FILE).unlink()
    assert packed.unpacked(tmp_path, tmp_path / "cache") == folder
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


def test_without_the_package_the_error_names_the_line_that_installs_it(monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(hub, "distribution", missing)
    with pytest.raises(ModelMissing, match=r"pip install 'ranklens\[multilingual\]'"):
        locate(PACKED)


@pytest.fixture(scope="module")
def real(tmp_path_factory):
    try:
        distribution(PACKED_IN)
    except PackageNotFoundError:
        pytest.skip(f"the package {PACKED_IN} is not installed")
    return load_encoder(Settings(encoder=PACKED, cache=tmp_path_factory.mktemp("cache")))


@pytest.mark.slow
def test_the_real_weights_find_a_passage_in_six_languages(real):
    passages = [
        "Το Παρίσι είναι η πρωτεύουσα της Γαλλίας.",
        "น้ำเดือดที่ร้อยองศาเซลเซียส",
        "हिमालय दुनिया की सबसे ऊँची पर्वत श्रृंखला है।",
        "Ankara, Türkiye'nin başkentidir.",
        "Hà Nội là thủ đô của Việt Nam.",
        "The rover landed on Mars in 2012.",
    ]
    questions = [
        "Ποια είναι η πρωτεύουσα της Γαλλίας;",
        "น้ำเดือดที่กี่องศา",
        "दुनिया की सबसे ऊँची पर्वत श्रृंखला कौन सी है?",
        "Türkiye'nin başkenti neresidir?",
        "Thủ đô của Việt Nam là gì?",
        "When did the rover land?",
    ]
    scores = np.stack([real.encode_query(text) for text in questions]) @ real.encode(passages).T
    assert scores.argmax(axis=1).tolist() == list(range(6))
    # The model's questions and passages of one meaning are near across languages, too.
    (across,) = real.encode_query("What is the capital of France?") @ real.encode(passages[:1]).T
    assert across > 0.8


@pytest.mark.slow
def test_nothing_of_the_package_is_imported(real):
    assert (real.name, real.dimension, real.max_tokens) == (PACKED, 384, 512)
    assert PACKED_IN not in sys.modules
