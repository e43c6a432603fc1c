import json

import pytest

from rag.errors import ModelError, ModelMissing
from rag.models.hub import EMBEDDED, embedded_folder, locate


@pytest.fixture
def hub(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))

    def add(repository, *files):
        folder = tmp_path / "hub" / ("models--" + repository.replace("/", "--"))
        snapshot = folder / "snapshots" / ("a" * 40)
        snapshot.mkdir(parents=True)
        (folder / "refs").mkdir()
        (folder / "refs" / "main").write_text("a" * 40)
        for file in files:
            (snapshot / file).parent.mkdir(exist_ok=True)
            (snapshot / file).write_text("{}")
        return snapshot

    return add


@pytest.mark.parametrize("name", ["all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"])
def test_the_embedded_model_needs_no_hub(name):
    assert locate(name) == embedded_folder()


def test_a_folder_is_taken_as_it_is(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    assert locate(str(tmp_path)) == tmp_path


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ModelError, match=r"neither config\.json nor modules\.json"):
        locate(str(tmp_path))


def test_a_model_in_the_hub_cache_is_found(hub):
    snapshot = hub("some/model", "config.json", "model.safetensors")
    assert locate("some/model") == snapshot


def test_a_short_name_is_one_of_sentence_transformers(hub):
    snapshot = hub("sentence-transformers/x", "config.json", "model.safetensors")
    assert locate("x") == snapshot


def test_a_broken_off_download_is_not_here(hub):
    hub("some/model", "config.json")
    with pytest.raises(ModelMissing, match="some/model is not on this machine"):
        locate("some/model")


@pytest.mark.parametrize("name", ["", "a/b/c", "../../etc/passwd", "name with spaces", "x" * 300])
def test_what_cannot_be_a_model_id_is_missing_too(name, hub):
    with pytest.raises((ModelMissing, ModelError)):
        locate(name)


def test_a_model_in_parts_is_here_only_with_all_of_them(hub):
    names = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"]
    snapshot = hub("some/model", "config.json", names[0])
    weights = {"weight_map": {"a": names[0], "b": names[1]}}
    (snapshot / "model.safetensors.index.json").write_text(json.dumps(weights))
    with pytest.raises(ModelMissing):
        locate("some/model")
    (snapshot / names[1]).write_text("")
    assert locate("some/model") == snapshot


def test_a_heads_weights_alone_are_no_model(hub):
    """As a download leaves a reranker of modules that was interrupted."""
    snapshot = hub("some/reranker", "config.json", "2_Dense/model.safetensors")
    with pytest.raises(ModelMissing):
        locate("some/reranker")
    (snapshot / "model.safetensors").write_text("")
    assert locate("some/reranker") == snapshot


@pytest.mark.parametrize("name", [EMBEDDED, "cross-encoder/ms-marco-MiniLM-L-6-v2"])
def test_a_folder_that_lies_about_is_no_model(name, hub, tmp_path, monkeypatch):
    planted = tmp_path / name
    planted.mkdir(parents=True)
    (planted / "config.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    try:
        assert locate(name) != planted
    except ModelMissing:
        assert name != EMBEDDED
    assert locate(f"./{name}") == planted
