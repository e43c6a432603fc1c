"""Batches are halved until they fit into a graphics processor's memory."""

import gc
import weakref

import pytest
import torch

from rag.errors import ModelError
from rag.models.halving import shrinking
from rag.models.load import load_cross
from rag.rerank.colbert import Colbert
from rag.settings import Settings
from tests.rag.models.tiny import TEXTS, save_cross
from tests.rag.rerank.tiny_colbert import save_colbert

QUERY = "who found water on mars"
FULL = torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")


class Memory:
    """Holds ``most`` rows at once; remembers the sizes that were tried."""

    def __init__(self, most, error=FULL):
        self.most, self.error, self.tried = most, error, []

    def run(self, size):
        self.tried.append(size)
        if size > self.most:
            raise self.error
        return f"done by {size}"


@pytest.mark.parametrize(
    "error", [FULL, RuntimeError("MPS backend out of memory (MPS allocated: 17 GB)")]
)
def test_half_is_tried_until_it_fits(error):
    memory = Memory(10, error)
    assert shrinking(memory.run, 64) == ("done by 8", 8)
    assert memory.tried == [64, 32, 16, 8]


def test_one_that_does_not_fit_is_an_error_in_words():
    memory = Memory(0)
    with pytest.raises(ModelError, match=r"too small for one pair.*lower rerank_tokens"):
        shrinking(memory.run, 5)
    assert memory.tried == [5, 2, 1]


def test_other_errors_pass():
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        shrinking(Memory(1, RuntimeError("shapes cannot be multiplied")).run, 8)


def test_nothing_of_the_call_that_failed_is_kept():
    alive = []

    def run(size):
        gc.collect()
        alive.append(sum(one() is not None for one in held))
        tensor = torch.zeros(size)
        held.append(weakref.ref(tensor))
        if size > 2:
            raise torch.cuda.OutOfMemoryError("out of memory")
        return size

    held = []
    assert shrinking(run, 8) == (2, 2)
    assert alive == [0, 0, 0]


def test_a_cross_encoder_goes_on_with_what_fitted(tmp_path, monkeypatch):
    folder = save_cross(tmp_path / "model", "distilbert")
    settings = Settings(cross_encoder=str(folder), cache=tmp_path / "cache", rerank_batch=6)
    model = load_cross(settings)
    expected = model.judge([(QUERY, TEXTS)])[0].logits
    memory, predict = Memory(2), model._model.predict

    def limited(pairs, batch_size, **more):
        memory.run(batch_size)
        return predict(pairs, batch_size=batch_size, **more)

    monkeypatch.setattr(model._model, "predict", limited)
    assert model.judge([(QUERY, TEXTS)])[0].logits == pytest.approx(expected, abs=1e-5)
    assert memory.tried == [6, 3, 1]
    model.judge([(QUERY, TEXTS)])
    assert memory.tried == [6, 3, 1, 1]


def test_colbert_goes_on_with_what_fitted(tmp_path, monkeypatch):
    model = Colbert("tiny", save_colbert(tmp_path / "model"), tmp_path / "cache", batch=4)
    expected = model.score(QUERY, TEXTS)
    memory, encode = Memory(2), model._model.encode_document

    def limited(texts, batch_size, **more):
        memory.run(batch_size)
        return encode(texts, batch_size=batch_size, **more)

    monkeypatch.setattr(model._model, "encode_document", limited)
    assert model.score(QUERY, TEXTS) == pytest.approx(expected, abs=1e-4)
    assert memory.tried == [4, 2]


@pytest.mark.parametrize("family", ["bert", "distilbert"])
def test_the_option_limits_what_is_read(family, tmp_path):
    folder = save_cross(tmp_path / "model", family)
    settings = Settings(cross_encoder=str(folder), cache=tmp_path / "cache", rerank_tokens=20)
    model = load_cross(settings)
    assert model.max_tokens == 20
    judged = model.judge([(QUERY, ["red planet soil " * 30])])[0]
    assert (judged.tokens_read, judged.tokens_total) == (20 - 5 - 3, 90)
    assert load_cross(settings.updated(rerank_tokens=5000)).max_tokens == 64
