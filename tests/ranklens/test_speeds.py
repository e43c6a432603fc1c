"""How fast models are here: measured, kept, and forgotten on another machine."""

import pytest

from rag.errors import ModelError
from ranklens import speeds
from tests.fakes import WordEncoder


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(speeds, "LONGEST", 0.05)
    encoder = WordEncoder()
    encoder.engine = "words"
    monkeypatch.setattr(speeds, "load_encoder", lambda settings: encoder)


def test_a_speed_is_measured_and_kept(settings, tmp_path, monkeypatch):
    settings = settings.updated(cache=tmp_path / "cache")
    assert speeds.kept(settings) == {}
    measured = speeds.measure(settings, "all-MiniLM-L6-v2")
    assert measured.passages % speeds.PASSAGES == 0
    assert measured.rate == pytest.approx(measured.passages / measured.seconds)
    assert measured.engine == "words"
    assert speeds.kept(settings) == {"all-MiniLM-L6-v2": measured}
    monkeypatch.setattr("platform.node", lambda: "another machine")
    assert speeds.kept(settings) == {}


def test_a_speed_in_words():
    assert speeds.ModelSpeed(500, 2.0, "", 2, 0.0).words == "250 passages a second, 50 in 0.2 s"


def test_a_damaged_file_is_measured_again(settings, tmp_path):
    settings = settings.updated(cache=tmp_path)
    (tmp_path / "speeds.json").write_text('{"machine": 1')
    assert speeds.kept(settings) == {}
    (tmp_path / "speeds.json").write_text("[]")
    assert speeds.kept(settings) == {}


@pytest.mark.parametrize("name", ["BAAI/bge-reranker-base", "colbertv2.0"])
def test_what_is_not_here_or_of_another_kind_is_refused(settings, name, monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(ModelError):
        speeds.measure(settings, name)
