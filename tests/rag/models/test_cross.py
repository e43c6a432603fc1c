import numpy as np
import pytest
from sentence_transformers import CrossEncoder
from torch.nn import Identity

from rag.errors import ModelError, ModelMissing
from rag.models.encoder import Reading
from rag.models.load import load_cross
from rag.settings import Settings
from tests.rag.models.tiny import TEXTS, save_cross, save_encoder

QUERY = "who found water on mars"
LONG = "red planet soil " * 40


def load(folder, cache):
    return load_cross(Settings(cross_encoder=str(folder), cache=cache / "cache", engine="float32"))


@pytest.mark.parametrize("family", ["bert", "roberta", "xlm-roberta", "electra", "distilbert"])
def test_logits_are_those_of_sentence_transformers(family, tmp_path):
    folder = save_cross(tmp_path / "model", family)
    mine, theirs = load(folder, tmp_path), CrossEncoder(str(folder))
    assert mine.engine.startswith("torch" if family == "distilbert" else "onnx float32")
    judged = mine.judge([(QUERY, TEXTS)])[0]
    expected = theirs.predict([(QUERY, text) for text in TEXTS], activation_fn=Identity())
    np.testing.assert_allclose(judged.logits, expected, atol=1e-4)
    assert np.std(expected) > 0.01  # weights under which a mistake would show


def test_a_tokeniser_without_token_types_gives_none(tmp_path):
    folder = save_cross(tmp_path / "model", "bert", typed=False)
    pairs = [(QUERY, text) for text in TEXTS]
    expected = CrossEncoder(str(folder)).predict(pairs, activation_fn=Identity())
    np.testing.assert_allclose(
        load(folder, tmp_path).judge([(QUERY, TEXTS)])[0].logits, expected, 1e-3
    )


@pytest.mark.parametrize("family", ["bert", "distilbert"])
def test_the_passage_is_cut_and_the_question_never(family, tmp_path):
    mine = load(save_cross(tmp_path / "model", family), tmp_path)
    question = "what is the rover doing " * 8  # 40 of 64 tokens, so halving would cut it
    judged = mine.judge([(question, [LONG, "ice"])])[0]
    room = 64 - 40 - 3
    assert (judged.tokens_read, judged.tokens_total) == (room + 1, 120 + 1)
    assert mine.reading(question, [LONG, "ice"]) == [
        Reading(room, 120, 40, 64),
        Reading(1, 1, 40, 64),
    ]
    cut = " ".join(LONG.split()[:room])
    np.testing.assert_allclose(
        judged.logits[0], mine.judge([(question, [cut])])[0].logits[0], atol=1e-5
    )


@pytest.mark.parametrize("family", ["bert", "distilbert"])
def test_a_question_without_room_for_a_passage_is_refused(family, tmp_path):
    mine = load(save_cross(tmp_path / "model", family), tmp_path)
    with pytest.raises(ModelError, match="the question has 100 tokens"):
        mine.judge([("water ice " * 50, ["ice"])])


@pytest.mark.parametrize("family", ["bert", "distilbert"])
def test_more_than_one_label_is_refused(family, tmp_path):
    folder = save_cross(tmp_path / "model", family, labels=3)
    with pytest.raises(ModelError, match="gives 3 labels"):
        load(folder, tmp_path)


def test_an_encoder_is_no_cross_encoder(tmp_path):
    with pytest.raises(ModelError, match="is no cross-encoder"):
        load(save_encoder(tmp_path / "model", "bert"), tmp_path)


def test_a_saved_sentence_transformers_cross_encoder_needs_no_torch(tmp_path):
    CrossEncoder(str(save_cross(tmp_path / "plain", "bert"))).save_pretrained(
        str(tmp_path / "model")
    )
    mine = load(tmp_path / "model", tmp_path)
    assert mine.engine == "onnx float32"
    expected = CrossEncoder(str(tmp_path / "model")).predict(
        [(QUERY, text) for text in TEXTS], activation_fn=Identity()
    )
    np.testing.assert_allclose(mine.judge([(QUERY, TEXTS)])[0].logits, expected, atol=1e-4)


def test_no_texts_no_logits(tmp_path):
    assert (
        load(save_cross(tmp_path / "model", "bert"), tmp_path).judge([(QUERY, [])])[0].logits == ()
    )


def test_a_missing_cross_encoder_is_named(tmp_path):
    settings = Settings(cross_encoder="nobody/has-this", cache=tmp_path)
    with pytest.raises(ModelMissing, match="nobody/has-this"):
        load_cross(settings)


def test_a_model_without_its_tokeniser_is_refused(tmp_path):
    folder = save_cross(tmp_path / "model", "bert")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()
    with pytest.raises(ModelError, match="has no tokeniser"):
        load(folder, tmp_path)
