"""A cross-encoder in sentence-transformers itself: every model it can load, at torch's speed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from rag.errors import ModelError
from rag.models.cross import CrossModel
from rag.models.decoder_prompt import is_decoder, missing_prompt, prompt_tokens
from rag.models.devices import precision
from rag.models.encoder import Reading
from rag.models.files import folder_digest
from rag.models.torch_encoder import BATCH, coverage_of, load_torch

GPU_BATCH = 64


class TorchCross(CrossModel):
    """Any sentence-transformers CrossEncoder with one label."""

    def __init__(self, name: str, folder: Path, cache: Path, trusted: bool = False) -> None:
        """Load the model; raises `ModelError`."""
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
        self._coverage = coverage_of(tokenizer)
        self.name = name
        self.revision = folder_digest(folder, cache)
        self.max_tokens = int(self._model.max_seq_length or 0) or 512
        self.engine = f"torch {str(dtype).removeprefix('torch.')} {self._model.device.type}"

    def coverage(self, texts: Sequence[str]) -> float:
        """Return how much of the texts its vocabulary knows as words, 0.1 to 1."""
        return self._coverage(texts)

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

    def _cut(self, query: str, texts: Sequence[str]) -> list[tuple[tuple[str, str], Reading]]:
        tokenised = self._model.tokenizer(
            [query, *texts], add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        question, *passages = tokenised["offset_mapping"]
        room = self._room(len(question), self._around)
        rows = []
        for text, spans in zip(texts, passages, strict=True):
            read = min(len(spans), room)
            kept = text if read == len(spans) else text[: spans[room - 1][1]]
            rows.append(((query, kept), Reading(read, len(spans), len(question), self.max_tokens)))
        return rows
