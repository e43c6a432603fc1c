import pytest

from rag.errors import ModelError
from rag.models.catalogue import CATALOGUE, Model, find, full_name, here, listed, own_licence
from rag.settings import Settings


@pytest.fixture(autouse=True)
def empty_cache(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))


def test_names_are_unique_and_every_model_has_its_facts():
    assert len({model.name for model in CATALOGUE}) == len(CATALOGUE)
    assert all(model.licence and model.megabytes for model in CATALOGUE)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("BAAI/bge-reranker-base", "BAAI/bge-reranker-base"),
        ("bge-reranker-base", "BAAI/bge-reranker-base"),
        ("BGE-Reranker-Base", "BAAI/bge-reranker-base"),
        ("sentence-transformers/all-MiniLM-L6-v2", "all-MiniLM-L6-v2"),
    ],
)
def test_a_model_goes_by_its_id_and_by_its_last_part(name, found):
    assert find(name).name == found
    assert full_name(name) == found


def test_other_models_go_by_their_id():
    assert full_name("somebody/something") == "somebody/something"
    with pytest.raises(ModelError, match="owner/name"):
        full_name("something")


def test_a_folder_is_measured_and_speaks_for_itself(tmp_path):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"w" * 1000)
    (folder / "README.md").write_text("---\nlanguage: en\nlicense: MIT\n---\n# A model\n")
    found = here(Model(str(folder), "cross-encoder"))
    assert found.folder == folder
    assert found.bytes == 2 + 1000 + (folder / "README.md").stat().st_size
    assert found.licence == "mit"
    assert own_licence(tmp_path) == ""


def test_a_folder_without_a_model_says_why(tmp_path):
    found = here(Model(str(tmp_path), "encoder"))
    assert found.folder is None
    assert "holds no model" in found.problem


def test_what_is_here_comes_first_and_the_settings_models_are_there(tmp_path):
    found = listed(Settings(cross_encoder="somebody/cross"))
    assert found[0].model.name == "all-MiniLM-L6-v2"
    users = {one.model.name: one.used_by for one in found}
    assert users["somebody/cross"] == ("cross-encoder",)
    assert users["BAAI/bge-reranker-base"] == ("bge-reranker-base",)
    assert users["all-MiniLM-L6-v2"] == ("dense retrieval, late-interaction",)
