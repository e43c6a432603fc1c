"""A cross-encoder in sentence-transformers itself: every model it can load, at torch's speed."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from rag.errors import ModelError
from rag.models.cross import CrossModel
from rag.models.decoder_prompt import (
    DecoderPrompt,
    follows_instruction,
    is_decoder,
    missing_prompt,
    prompt_tokens,
)
from rag.models.devices import precision
from rag.models.encoder import Reading
from rag.models.files import folder_digest
from rag.models.halving import shrinking
from rag.models.torch_encoder import BATCH, coverage_of, load_torch

GPU_BATCH = 64
InstructedPair = tuple[str, str, str]
"""A question, a passage and an instruction, which is empty if there is none."""


class TorchCross(CrossModel):
    """Any sentence-transformers CrossEncoder with one label."""

    def __init__(
        self, name: str, folder: Path, cache: Path, trusted: bool = False, batch: int = 0
    ) -> None:
        """Load the model, to score ``batch`` pairs at once (0 for what suits the device).

        Raises `ModelError`.
        """
        dtype, prompt = precision(), missing_prompt(folder)
        template = prompt.template if prompt else ""
        self._model: Any = load_torch("CrossEncoder", name, folder, trusted, dtype, template)
        if self._model.num_labels != 1:
            raise ModelError(f"{name} gives {self._model.num_labels} labels; a reranker gives one")
        if prompt:
            self._answer_with(prompt)
        tokenizer = self._model.tokenizer
        self._decoder = is_decoder(folder)
        self.follows_instruction = self._decoder and follows_instruction(tokenizer)
        self._coverage = coverage_of(tokenizer)
        self.name = name
        self.revision = folder_digest(folder, cache)
        self.max_tokens = int(self._model.max_seq_length or 0) or 512
        device = self._model.device.type
        self.engine = f"torch {str(dtype).removeprefix('torch.')} {device}"
        self._batch = batch or (BATCH if device == "cpu" else GPU_BATCH)

    def coverage(self, texts: Sequence[str]) -> float:
        """Return how much of the texts its vocabulary knows as words, 0.1 to 1."""
        return self._coverage(texts)

    def _answer_with(self, prompt: DecoderPrompt) -> None:
        """Score by the words of a prompt; sentence-transformers takes yes and no."""
        score = self._model[-1]
        score.true_token_id, score.false_token_id = (
            self._model.tokenizer(word, add_special_tokens=False)["input_ids"][0] if word else None
            for word in (prompt.yes, prompt.no)
        )

    def _logits(self, pairs: Sequence[InstructedPair]) -> list[float]:
        rows: dict[str, list[int]] = {}
        for row, (_, _, instruction) in enumerate(pairs):
            rows.setdefault(instruction, []).append(row)
        logits = [0.0] * len(pairs)
        for instruction, own in rows.items():
            found = self._of_one(instruction, [pairs[row][:2] for row in own])
            for row, logit in zip(own, found, strict=True):
                logits[row] = float(logit)
        return logits

    def _of_one(self, instruction: str, pairs: Sequence[tuple[str, str]]) -> Any:
        """Return the logits of pairs with the same instruction."""
        from torch.nn import Identity

        predict = partial(
            self._model.predict,
            list(pairs),
            prompt=instruction or None,
            activation_fn=Identity(),
            show_progress_bar=False,
        )
        logits, self._batch = shrinking(lambda size: predict(batch_size=size), self._batch)
        return logits

    def _cut(
        self, query: str, texts: Sequence[str], instruction: str = ""
    ) -> list[tuple[InstructedPair, Reading]]:
        instruction = instruction if self.follows_instruction else ""
        tokenised = self._model.tokenizer(
            [query, *texts], add_special_tokens=False, return_offsets_mapping=True, verbose=False
        )
        question, *passages = tokenised["offset_mapping"]
        room = self._room(len(question), self._around(instruction))
        rows = []
        for text, spans in zip(texts, passages, strict=True):
            read = min(len(spans), room)
            kept = text if read == len(spans) else text[: spans[room - 1][1]]
            reading = Reading(read, len(spans), len(question), self.max_tokens)
            rows.append(((query, kept, instruction), reading))
        return rows

    def _around(self, instruction: str) -> int:
        """Return the tokens beside question and passage: special ones, or a decoder's prompt."""
        tokenizer = self._model.tokenizer
        if self._decoder:
            return prompt_tokens(tokenizer, instruction)
        return int(tokenizer.num_special_tokens_to_add(pair=True))
