"""A cross-encoder in ONNX Runtime: no torch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tokenizers import Encoding

from rag.errors import ModelError
from rag.models.cross import Judged, QueryTexts
from rag.models.files import file_digest, read_any_json, read_optional
from rag.models.onnx.exports import load_runtime
from rag.models.onnx.recipe import WEIGHTS, length_limit
from rag.models.reading import Reading
from rag.models.tokens import Tokens


class OnnxCross:
    """A BERT-shaped cross-encoder in ONNX Runtime; see `rag.models.cross.CrossModel`."""

    def __init__(self, name: str, folder: Path, cache: Path, engine: str = "float32") -> None:
        """Load the model; raises `ModelError` if this engine cannot run it."""
        _only_a_transformer(folder)
        self._tokens = Tokens(folder)
        self._runtime = load_runtime(folder, "logits", cache, engine, self._tokens.typed)
        self.name = name
        self.revision = file_digest(folder / WEIGHTS, cache)[:16]
        limit = read_optional(folder / "sentence_bert_config.json").get("max_seq_length")
        self.max_tokens = int(limit or length_limit(folder))
        self.engine = self._runtime.engine
        self._refuse_many_labels()

    def judge(self, pools: Sequence[QueryTexts]) -> list[Judged]:
        """Return the logits of each (query, texts), from one pass over all pairs."""
        pairs: list[Encoding] = []
        counts: list[tuple[int, int]] = []
        for query, texts in pools:
            question, *passages = self._tokens.bare([query, *texts])
            total = sum(len(passage) for passage in passages)
            pairs += [self._tokens.pair(question, one, self.max_tokens) for one in passages]
            counts.append((sum(len(passage) for passage in passages), total))  # `pair` cut them
        logits = {row: float(values[0]) for row, values in self._runtime.each(pairs)}
        rows = iter(range(len(pairs)))
        return [
            Judged(tuple(logits[next(rows)] for _ in texts), read, total)
            for (_, texts), (read, total) in zip(pools, counts, strict=True)
        ]

    def reading(self, query: str, texts: Sequence[str]) -> list[Reading]:
        """Return how much of each text is read beside the query; runs no model."""
        question, *passages = self._tokens.bare([query, *texts])
        totals = [len(passage) for passage in passages]
        for passage in passages:
            self._tokens.pair(question, passage, self.max_tokens)  # cuts it
        return [
            Reading(len(passage), total, len(question), self.max_tokens)
            for passage, total in zip(passages, totals, strict=True)
        ]

    def _refuse_many_labels(self) -> None:
        query, passage = self._tokens.bare(["a", "a"])
        pair = self._tokens.pair(query, passage, self.max_tokens)
        _, logits = next(self._runtime.each([pair]))
        if len(logits) != 1:
            raise ModelError(f"{self.name} gives {len(logits)} labels; a reranker gives one")


def _only_a_transformer(folder: Path) -> None:
    path = folder / "modules.json"
    if path.is_file():
        kinds = [str(module.get("type")).rpartition(".")[2] for module in read_any_json(path)]
        if kinds != ["Transformer"]:
            raise ModelError(f"{folder}: its modules are {json.dumps(kinds)}")
