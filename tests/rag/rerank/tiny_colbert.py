"""A ColBERT model of two layers, made with sentence-transformers and saved as the hub has them."""

from __future__ import annotations

from pathlib import Path

from sentence_transformers import MultiVectorEncoder

from tests.rag.models.tiny import save_encoder


def save_colbert(folder: Path) -> Path:
    """Save a model whose token vectors have 128 dimensions."""
    plain = save_encoder(folder.with_name(folder.name + "-encoder"), "bert")
    for name in ("modules.json", "sentence_bert_config.json"):
        (plain / name).unlink()
    MultiVectorEncoder(str(plain)).save_pretrained(str(folder))
    return folder
