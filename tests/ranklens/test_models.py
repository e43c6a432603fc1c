"""Which models can be chosen on this machine."""

import pytest

from rag.models.catalogue import ListedModel, Model
from rag.settings import Settings
from ranklens.models import encoders


@pytest.mark.parametrize(
    ("present", "others"),
    [
        ("all-MiniLM-L6-v2", ["BAAI/bge-m3", "own/encoder"]),
        ("sentence-transformers/all-MiniLM-L6-v2", ["BAAI/bge-m3", "own/encoder"]),
        ("bge-m3", ["all-MiniLM-L6-v2", "own/encoder"]),
        ("own/encoder", ["all-MiniLM-L6-v2", "BAAI/bge-m3"]),
    ],
)
def test_the_other_encoders_that_are_here(present, others, monkeypatch, tmp_path):
    here = [
        ListedModel(Model("all-MiniLM-L6-v2", "encoder"), folder=tmp_path),
        ListedModel(Model("BAAI/bge-m3", "encoder"), folder=tmp_path),
        ListedModel(Model("own/encoder", "encoder"), folder=tmp_path),
        ListedModel(Model("BAAI/bge-reranker-base", "cross-encoder"), folder=tmp_path),
        ListedModel(Model("BAAI/bge-small-en-v1.5", "encoder")),
    ]
    monkeypatch.setattr("ranklens.models.listed", lambda _settings: here)
    assert encoders(Settings(encoder=present)) == others
