import json

import numpy as np
import pytest

from rag.errors import ModelError
from rag.models.onnx import calibrate
from rag.models.onnx.calibrate import MEMORY, machine, remembered, runtime_for
from rag.models.tokens import Tokens
from tests.rag.models.tiny import save_cross, save_encoder

TEXTS = ["what is the rover on mars doing", "water ice found in the soil", "red planet"]


@pytest.fixture
def folder(tmp_path):
    return save_encoder(tmp_path / "model", "bert")


def load(folder, tmp_path, engine, kind="hidden"):
    return runtime_for("tiny", folder, kind, tmp_path / "cache", engine, Tokens(folder))


def vectors(runtime, folder):
    tokens = Tokens(folder)
    encodings = [tokens.single(one, 32) for one in tokens.bare(TEXTS)]
    return [values for _, values in sorted(runtime.each(encodings), key=lambda pair: pair[0])]


def cosine(a, b):
    return (a * b).sum() / np.linalg.norm(a) / np.linalg.norm(b)


@pytest.mark.parametrize("family", ["bert", "roberta", "electra"])
def test_int8_gives_nearly_the_vectors_of_float32(family, tmp_path):
    folder = save_encoder(tmp_path / "model", family)
    exact, small = (load(folder, tmp_path, engine) for engine in ("float32", "int8"))
    assert (exact.engine, small.engine) == ("onnx float32", "onnx int8")
    for a, b in zip(vectors(exact, folder), vectors(small, folder), strict=True):
        assert a.shape == b.shape
        assert cosine(a, b) > 0.98
        assert not np.array_equal(a, b)


def test_int8_of_a_cross_encoder(tmp_path):
    folder = save_cross(tmp_path / "model", "bert")
    exact, small = (load(folder, tmp_path, engine, "logits") for engine in ("float32", "int8"))
    for a, b in zip(vectors(exact, folder), vectors(small, folder), strict=True):
        assert a.shape == b.shape == (1,)
        assert abs(a - b).item() < 0.3


def test_the_choice_is_made_once_and_remembered(folder, tmp_path, monkeypatch):
    first = load(folder, tmp_path, "auto")
    (choice,) = remembered(tmp_path / "cache")
    assert choice.model == "tiny"
    assert first.engine == f"onnx {choice.engine}"
    assert "times as fast" in choice.why
    monkeypatch.setattr(calibrate, "_tried", None)
    assert load(folder, tmp_path, "auto").engine == first.engine


def test_a_choice_for_a_folder_that_is_gone_is_not_told(folder, tmp_path):
    runtime_for(str(folder), folder, "hidden", tmp_path / "cache", "auto", Tokens(folder))
    assert [choice.model for choice in remembered(tmp_path / "cache")] == [str(folder)]
    folder.rename(tmp_path / "elsewhere")
    assert remembered(tmp_path / "cache") == []


@pytest.mark.parametrize(
    ("agreement", "seconds", "engine"),
    [
        (1.0, (2.0, 1.0), "onnx int8"),
        (1.0, (1.0, 1.0), "onnx float32"),
        (0.99, (2.0, 1.0), "onnx float32"),
    ],
)
def test_int8_has_to_be_faster_and_alike(agreement, seconds, engine, folder, tmp_path, monkeypatch):
    monkeypatch.setattr(calibrate, "_agreement", lambda *_: agreement)
    times = iter(seconds)
    monkeypatch.setattr(calibrate, "_run", lambda *_: ([], next(times)))
    assert load(folder, tmp_path, "auto").engine == engine


def test_where_int8_does_not_run_float32_does_and_says_why(folder, tmp_path, monkeypatch):
    def fail(*_):
        raise ModelError("no such operator")

    monkeypatch.setattr(calibrate, "_int8", fail)
    assert load(folder, tmp_path, "auto").engine == "onnx float32"
    assert "no such operator" in remembered(tmp_path / "cache")[0].why


@pytest.mark.parametrize("content", ["", "[]", "{", "null", json.dumps({machine(): {"model": 1}})])
def test_a_damaged_memory_is_made_again(content, folder, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / MEMORY).write_text(content)
    load(folder, tmp_path, "auto")
    assert len(json.loads((tmp_path / "cache" / MEMORY).read_text())) == 1


def test_a_large_model_is_tried_in_a_process_of_its_own(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(calibrate, "LARGE", 0)
    monkeypatch.setattr(calibrate, "_tried", None)  # not in this one
    runtime = load(folder, tmp_path, "auto")
    (choice,) = remembered(tmp_path / "cache")
    assert choice.model == "tiny"
    assert runtime.engine == f"onnx {choice.engine}"


def test_where_that_process_fails_it_is_tried_here(folder, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(calibrate, "LARGE", 0)
    monkeypatch.setattr(calibrate.sys, "executable", str(tmp_path / "nowhere"))
    load(folder, tmp_path, "auto")
    assert len(remembered(tmp_path / "cache")) == 1
    assert "tiny is tried in this process" in caplog.text
