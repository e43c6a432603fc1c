"""ColBERT models through sentence-transformers' `MultiVectorEncoder`: MaxSim over trained vectors.

Khattab and Zaharia, "ColBERT", SIGIR 2020. Stanford's and PyLate's checkpoints load too.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rag.models.batching import batcher_for
from rag.models.devices import precision
from rag.models.files import folder_digest
from rag.models.halving import shrinking
from rag.models.hub import locate, own_code
from rag.models.torch_encoder import BATCH, load_torch
from rag.rerank.base import Context, Entry
from rag.rerank.cross_encoder import missing

QUIETLY = {"batch_size": BATCH, "show_progress_bar": False}


class Colbert:
    """Scores are MaxSim as the model was trained with: a sum over the question's tokens."""

    def __init__(
        self, name: str, folder: Path, cache: Path, trusted: bool = False, batch: int = 0
    ) -> None:
        self._batch = batch or BATCH
        self._model: Any = load_torch("MultiVectorEncoder", name, folder, trusted, precision())
        self._together = batcher_for(f"torch {self._model.device.type}", self._vectors)
        self.identity = f"colbert {name} {folder_digest(folder, cache)} {self._model.device.type}"

    def score(self, query: str, texts: Sequence[str]) -> list[float]:
        """Return one score a text, higher is better."""
        return self.score_many([(query, texts)])[0]

    def score_many(self, pools: Sequence[tuple[str, Sequence[str]]]) -> list[list[float]]:
        """Return the scores of several questions' texts; a text of several is read once."""
        texts = list(dict.fromkeys(text for _, texts in pools for text in texts))
        if not texts:
            return [[] for _ in pools]
        queries = self._model.encode_query([query for query, _ in pools], **QUIETLY)
        rows = dict(zip(texts, self._together(texts), strict=True))
        results = []
        for query, (_, own) in zip(queries, pools, strict=True):
            kept = [rows[text] for text in own]
            scores = self._model.similarity([query], kept)[0].tolist() if kept else []
            results.append([float(score) for score in scores])
        return results

    def _vectors(self, texts: Sequence[str]) -> list[Any]:
        encode = partial(self._model.encode_document, list(texts), show_progress_bar=False)
        vectors, self._batch = shrinking(lambda size: encode(batch_size=size), self._batch)
        return list(vectors)


def colbert(model: str, name: str = "", about: str = "") -> Entry:
    """Return the table's line for a ColBERT model (a folder or an id)."""

    def build(context: Context) -> Colbert:
        # `missing` has refused a model whose own code is not allowed.
        folder = locate(model)
        settings = context.settings
        return Colbert(model, folder, settings.cache, own_code(folder), settings.rerank_batch)

    return Entry(
        name or f"colbert:{model}",
        f"{about or f'Late interaction over the token vectors of {model}'}.",
        build,
        missing=lambda context: missing(context, model),
        uses=("cache", "trust_remote_code", "rerank_batch"),
        unit="MaxSim",
    )
