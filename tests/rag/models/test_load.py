"""A model that brings code of its own runs only where the user has named it."""

import json

import pytest

from rag.errors import ModelError
from rag.models.hub import untrusted
from rag.models.load import load_cross
from rag.settings import Settings
from tests.rag.models.tiny import save_cross


@pytest.fixture
def folder(tmp_path):
    """A model whose code would leave a mark where it ran."""
    made = save_cross(tmp_path / "model", "bert")
    config = json.loads((made / "config.json").read_text())
    config["auto_map"] = {"AutoModelForSequenceClassification": "own.Own"}
    (made / "config.json").write_text(json.dumps(config))
    (made / "own.py").write_text(
        "from pathlib import Path\n"
        "from transformers import BertForSequenceClassification\n"
        f"Path({str(tmp_path / 'ran')!r}).touch()\n"
        "class Own(BertForSequenceClassification):\n    pass\n"
    )
    return made


def test_it_is_refused_with_the_option_to_set(folder, tmp_path):
    settings = Settings(cross_encoder=str(folder), cache=tmp_path / "cache")
    with pytest.raises(ModelError, match=r"runs code of its own.*RANKLENS_TRUST_REMOTE_CODE"):
        load_cross(settings)
    assert not (tmp_path / "ran").exists()


def test_another_models_name_does_not_help(folder):
    assert untrusted("own", folder, Settings(trust_remote_code="owner/other, owne"))
    assert not untrusted("own", folder, Settings(trust_remote_code="other, own"))


def test_a_named_one_runs(folder, tmp_path):
    settings = Settings(
        cross_encoder=str(folder), cache=tmp_path / "cache", trust_remote_code=str(folder)
    )
    model = load_cross(settings)
    assert (tmp_path / "ran").exists()
    assert model.engine.startswith("torch")
    assert len(model.judge([("who found water", ["ice", "soil"])])[0].logits) == 2
