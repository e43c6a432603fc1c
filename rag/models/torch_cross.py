"""A cross-encoder in sentence-transformers itself: every model it can load, at torch's speed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag.errors import ModelError
from rag.models.cross import Judged, QueryTexts
from rag.models.decoder_prompt import is_decoder, missing_prompt, prompt_tokens
from rag.models.devices import precision
from rag.models.files import folder_digest
from rag.models.reading import Reading
from rag.models.torch_encoder import BATCH, load_torch

GPU_BATCH = 64


class TorchCross:
    """Any sentence-transformers CrossEncoder with one label; see `rag.models.cross.CrossModel`."""

    def __init__(
        self, name: str, folder: Path, cache: Path, reason: str = "", trusted: bool = False
    ) -> None:
        """Load the model; ``reason`` is why torch runs it. Raises `ModelError`."""
        dtype = precision()
        self._model = load_torch(
            "CrossEncoder", name, folder, trusted, dtype, missing_prompt(folder)
        )
        if self._model.num_labels != 1:
            raise ModelError(f"{name} gives {self._model.num_labels} labels; a reranker gives one")
        tokenizer = self._model.tokenizer
        self._around: int = (
            prompt_tokens(tokenizer)
            if is_decoder(folder)
            else tokenizer.num_special_tokens_to_add(pair=True)
        )
        self.name = name
        self.revision = folder_digest(folder, cache)
        self.max_tokens = int(self._model.max_seq_length or 0) or 512
        self.engine = f"torch {str(dtype).removeprefix('torch.')} {self._model.device.type}"
        self.reason = reason

    def judge(self, pools: Sequence[QueryTexts]) -> list[Judged]:
        """Return the logits of each (query, texts), from one pass over all pairs."""
        cut = [self._cut(query, texts) if texts else [] for query, texts in pools]
        pairs = [
            (query, row[0]) for (query, _), rows in zip(pools, cut, strict=True) for row in rows
        ]
        logits = iter(self._logits(pairs))
        return [
            Judged(
                tuple(next(logits) for _ in rows),
                sum(row[1] for row in rows),
                sum(row[2] for row in rows),
            )
            for rows in cut
        ]

    def reading(self, query: str, texts: Sequence[str]) -> list[Reading]:
        """Return how much of each text is read beside the query; runs no model."""
        question = len(self._offsets([query])[0])
        rows = self._cut(query, texts) if texts else []
        return [Reading(read, total, question, self.max_tokens) for _, read, total in rows]

    def _logits(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        from torch.nn import Identity

        if not pairs:
            return []
        logits = self._model.predict(
            list(pairs),
            activation_fn=Identity(),
            batch_size=BATCH if self._model.device.type == "cpu" else GPU_BATCH,
            show_progress_bar=False,
        )
        return [float(logit) for logit in logits]

    def _cut(self, query: str, texts: Sequence[str]) -> list[tuple[str, int, int]]:
        """Return each text as far as it fits beside the query, tokens read, tokens in all."""
        question = len(self._offsets([query])[0])
        room = self.max_tokens - question - self._around
        if room < 1:
            raise ModelError(
                f"the question has {question} tokens, and {self.name} reads {self.max_tokens} of "
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
