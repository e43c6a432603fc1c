"""Training a small cross-encoder: it learns, goes on where it was, and loads as a reranker."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from rag.errors import ModelError
from rag.models import training
from rag.models.load import load_cross
from rag.models.training import TrainingOptions, TrainingPair, checkpoints, steps_of, train_cross
from rag.settings import Settings
from tests.rag.models.tiny import save_cross, save_encoder, save_modernbert

ROOT = Path(__file__).parents[3]
GOOD, BAD = "the red planet", "water ice"
PAIRS = [TrainingPair("what is mars", GOOD if n % 2 else BAD, float(n % 2)) for n in range(24)]
FAST = TrainingOptions(epochs=2, learning_rate=1e-2, batch=4)


@pytest.fixture(autouse=True)
def one_thread():
    """Small models are trained faster by one thread if the machine is busy."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return save_encoder(tmp_path_factory.mktemp("base") / "bert", "bert")


def judged(folder, cache):
    model = load_cross(Settings(cache=cache, library=cache), str(folder))
    (found,) = model.judge([("what is mars", [GOOD, BAD])])
    return model, found.logits


def test_an_encoder_becomes_a_cross_encoder_that_onnx_runs(base, tmp_path):
    steps = []
    train_cross(base, PAIRS, tmp_path / "made", FAST, steps.append)
    assert steps == list(range(1, steps_of(len(PAIRS), FAST) + 1)) == list(range(1, 13))
    model, (good, bad) = judged(tmp_path / "made", tmp_path / "cache")
    assert model.engine.startswith("onnx")
    assert good > bad + 1
    assert not checkpoints(tmp_path / "made").exists()
    assert not [p for p in (tmp_path / "made").iterdir() if p.suffix == ".md"]


def test_a_cross_encoder_with_modules_for_a_head_keeps_them(tmp_path):
    base = save_modernbert(tmp_path / "base", "cls")
    train_cross(base, PAIRS, tmp_path / "made", FAST)
    _, (good, bad) = judged(tmp_path / "made", tmp_path / "cache")
    assert good > bad


@pytest.mark.long
def test_it_goes_on_from_the_last_checkpoint_that_is_whole(base, tmp_path):
    made, steps = tmp_path / "made", []

    def stop(done):
        steps.append(done)
        if done == 9:
            raise RuntimeError("the process ends here")

    with pytest.raises(RuntimeError, match="ends here"):
        train_cross(base, PAIRS, made, FAST, stop)
    (whole,) = checkpoints(made).glob("checkpoint-*")
    assert whole.name == "checkpoint-8"
    torn = whole.with_name("checkpoint-9")  # the process was killed while it wrote that
    torn.mkdir()
    (torn / "model.safetensors").write_bytes(b"half")
    again = []
    train_cross(base, PAIRS, made, FAST, again.append)
    assert again == [9, 10, 11, 12]
    _, (good, bad) = judged(made, tmp_path / "cache")
    assert good > bad + 1


KILLED = """
import sys, time
from pathlib import Path
from tests.rag.models.test_training import FAST, PAIRS
from rag.models.training import train_cross

def report(done):
    if done == 7:
        print("seven", flush=True)
        time.sleep(600)

train_cross(Path(sys.argv[1]), PAIRS, Path(sys.argv[2]), FAST, report)
"""


@pytest.mark.long
def test_a_training_that_was_killed_goes_on(base, tmp_path):
    made = tmp_path / "made"
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(base), str(made)], stdout=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout.readline() == b"seven\n"
        process.kill()
    again = []
    train_cross(base, PAIRS, made, FAST, again.append)
    assert again == [7, 8, 9, 10, 11, 12]
    _, (good, bad) = judged(made, tmp_path / "cache")
    assert good > bad


def test_what_is_missing_is_named_with_the_line_that_installs_it(base, tmp_path, monkeypatch):
    monkeypatch.setattr(
        training, "find_spec", lambda name: None if name == "datasets" else object()
    )
    with pytest.raises(ModelError, match=r"needs datasets; .*pip install 'ranklens\[train\]'"):
        train_cross(base, PAIRS, tmp_path / "made", FAST)


def test_a_model_of_several_scores_cannot_be_tuned(tmp_path):
    base = save_cross(tmp_path / "three", "bert", labels=3)
    with pytest.raises(ModelError, match="three"):
        train_cross(base, PAIRS, tmp_path / "made", FAST)


@pytest.mark.skipif(not hasattr(os, "getpriority"), reason="this system has no priorities")
def test_the_caller_keeps_its_priority(base, tmp_path):
    before = os.getpriority(os.PRIO_PROCESS, 0)
    train_cross(base, PAIRS[:4], tmp_path / "made", FAST)
    assert os.getpriority(os.PRIO_PROCESS, 0) == before
