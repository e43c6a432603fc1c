"""A cross-encoder in ONNX Runtime: no torch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Encoding

from rag.errors import ModelError
from rag.models.cross import CrossModel
from rag.models.encoder import Reading
from rag.models.files import digest_of, read_optional
from rag.models.onnx.exports import load_runtime
from rag.models.onnx.heads import head_files, read_head
from rag.models.onnx.recipe import length_limit
from rag.models.tokens import Tokens


class OnnxCross(CrossModel):
    """A cross-encoder of a network in `rag.models.onnx.networks`."""

    def __init__(self, name: str, folder: Path, cache: Path, engine: str = "float32") -> None:
        """Load the model; raises `ModelError` if this engine cannot run it."""
        if read_optional(folder / "config_sentence_transformers.json").get("default_prompt_name"):
            raise ModelError(f"{folder}: puts a prompt before every question")
        self._tokens = Tokens(folder)
        self._runtime = load_runtime(folder, "logits", cache, engine, self._tokens.typed)
        self.name = name
        self.revision = digest_of(head_files(folder, read_head(folder)).values(), cache)
        limit = read_optional(folder / "sentence_bert_config.json").get("max_seq_length")
        self.max_tokens = int(limit or length_limit(folder))
        self.engine = self._runtime.engine
        _, logits = next(self._runtime.each([pair for pair, _ in self._cut("a", ["a"])]))
        if len(logits) != 1:
            raise ModelError(f"{name} gives {len(logits)} labels; a reranker gives one")

    def coverage(self, texts: Sequence[str]) -> float:
        """Return how much of the texts its vocabulary knows as words, 0.1 to 1."""
        return self._tokens.coverage(texts)

    def _logits(self, pairs: Sequence[Encoding]) -> list[float]:
        logits = {row: float(values[0]) for row, values in self._runtime.each(pairs)}
        return [logits[row] for row in range(len(pairs))]

    def _cut(
        self, query: str, texts: Sequence[str], instruction: str = ""
    ) -> list[tuple[Encoding, Reading]]:
        question, *passages = self._tokens.bare([query, *texts])
        beside = len(question)
        room = self._room(beside, self._tokens.around_pair)
        rows = []
        for passage in passages:
            total = len(passage)
            pair = self._tokens.pair(question, passage, room)
            rows.append((pair, Reading(min(total, room), total, beside, self.max_tokens)))
        return rows
