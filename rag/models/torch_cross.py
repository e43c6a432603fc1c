"""A cross-encoder in sentence-transformers itself: every model it can load, at torch's speed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag.errors import ModelError
from rag.models.cross import Judged
from rag.models.torch_encoder import BATCH, folder_digest, load_torch


class TorchCross:
    """Any sentence-transformers CrossEncoder with one label; see `rag.models.cross.CrossModel`."""

    def __init__(self, name: str, folder: Path, cache: Path, reason: str = "") -> None:
        """Load the model; ``reason`` says why torch runs it. Raises `ModelError`."""
        self._model = load_torch("CrossEncoder", name, folder)
        if self._model.num_labels != 1:
            raise ModelError(f"{name} gives {self._model.num_labels} labels; a reranker gives one")
        self.name = name
        self.revision = folder_digest(folder, cache)
        self.max_tokens = int(self._model.max_seq_length or 0) or 512
        self.engine = f"torch float32 {self._model.device.type}"
        self.reason = reason

    def judge(self, query: str, texts: Sequence[str]) -> Judged:
        """Return a logit for each text; raises `ModelError` where the query leaves no room."""
        from torch.nn import Identity

        if not texts:
            return Judged((), 0, 0)
        cut = self._cut(query, texts)
        logits = self._model.predict(
            [(query, text) for text, _, _ in cut],
            activation_fn=Identity(),
            batch_size=BATCH,
            show_progress_bar=False,
        )
        read, total = sum(row[1] for row in cut), sum(row[2] for row in cut)
        return Judged(tuple(float(logit) for logit in logits), read, total)

    def _cut(self, query: str, texts: Sequence[str]) -> list[tuple[str, int, int]]:
        """Return each text as far as it fits beside the query, tokens read, tokens in all."""
        asked = len(self._offsets([query])[0])
        around = self._model.tokenizer.num_special_tokens_to_add(pair=True)
        room = self.max_tokens - asked - around
        if room < 1:
            raise ModelError(
                f"the question has {asked} tokens, and {self.name} reads {self.max_tokens} of "
                "question and passage together; shorten the question"
            )
        rows = zip(texts, self._offsets(texts), strict=True)
        return [
            (text, len(spans), len(spans))
            if len(spans) <= room
            else (text[: spans[room - 1][1]], room, len(spans))
            for text, spans in rows
        ]

    def _offsets(self, texts: Sequence[str]) -> Any:
        tokenised = self._model.tokenizer(
            list(texts), add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        return tokenised["offset_mapping"]
