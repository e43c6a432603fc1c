"""Cross-encoders: a question and a passage read together, one logit a pair.

ONNX Runtime where a graph can be made of the model, else sentence-transformers on torch. Where a
pair is too long the passage is cut, never the question, so that every passage of a pool is judged
against the same words.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tokenizers import Encoding

from rag.errors import ModelError
from rag.models.devices import accelerated
from rag.models.digest import file_digest
from rag.models.hub import locate
from rag.models.onnx.calibrate import runtime_for
from rag.models.onnx.exports import WEIGHTS, read_any_json, read_json
from rag.models.onnx.recipe import length_limit
from rag.models.reading import Reading
from rag.models.tokens import Tokens
from rag.models.trust import untrusted
from rag.settings import Settings

Asked = tuple[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Judged:
    """Logits of a question with each passage, and how much of the passages was read.

    ``tokens_read`` and ``tokens_total`` count the passages' tokens, special tokens left out.
    """

    logits: tuple[float, ...]
    tokens_read: int
    tokens_total: int

    @property
    def probabilities(self) -> tuple[float, ...]:
        """The logistic function of each logit, 0..1."""
        return tuple(probability(logit) for logit in self.logits)


class CrossModel(Protocol):
    """Judges pairs. Several threads may use one model at once."""

    name: str
    revision: str
    max_tokens: int
    engine: str

    def judge(self, query: str, texts: Sequence[str]) -> Judged:
        """Return a logit for each text; raises `ModelError` where the query leaves no room."""

    def judge_many(self, asked: Sequence[Asked]) -> list[Judged]:
        """Return what `judge` does for each (query, texts), from one pass over all pairs."""

    def reading(self, query: str, texts: Sequence[str]) -> list[Reading]:
        """Return how much of each text is read beside the query; runs no model."""


def probability(logit: float) -> float:
    """Return the logistic function of a logit, without overflow."""
    if logit >= 0:
        return 1 / (1 + math.exp(-logit))
    grown = math.exp(logit)
    return grown / (1 + grown)


def load_cross(settings: Settings, name: str = "") -> CrossModel:
    """Load a cross-encoder, the one that ``settings`` name unless ``name`` is given.

    Raises `ModelMissing` where it is not on this machine, and `ModelError` where it cannot be
    loaded, has no classification head, gives more than one logit a pair or wants to run code of
    its own that the settings do not allow.
    """
    name = name or settings.cross_encoder
    folder = locate(name)
    config = read_json(folder / "config.json")
    architecture = str((config.get("architectures") or [""])[0])
    if not architecture.endswith(("ForSequenceClassification", "ForCausalLM")):
        raise ModelError(
            f"{name} is no cross-encoder (its architecture is "
            f"{architecture or 'not given'}); choose a model that scores pairs"
        )
    if reason := untrusted(name, folder, settings):
        raise ModelError(reason)
    reason = "this machine has an accelerator" if accelerated() else ""
    if not reason and not config.get("auto_map"):
        try:
            return OnnxCross(name, folder, settings.cache, settings.engine)
        except ModelError as error:
            reason = str(error)
    # Imported here: torch takes seconds, and most cross-encoders do not need it.
    from rag.models.torch_cross import TorchCross

    trusted = bool(config.get("auto_map"))
    return TorchCross(name, folder, settings.cache, reason=reason, trusted=trusted)


class OnnxCross:
    """A BERT-shaped cross-encoder in ONNX Runtime; see `CrossModel`."""

    def __init__(self, name: str, folder: Path, cache: Path, engine: str = "float32") -> None:
        """Load the model; raises `ModelError` where this engine cannot run it."""
        _only_a_transformer(folder)
        self._tokens = Tokens(folder)
        self._runtime = runtime_for(name, folder, "logits", cache, engine, self._tokens)
        self.name = name
        self.revision = file_digest(folder / WEIGHTS, cache)[:16]
        own = folder / "sentence_bert_config.json"
        limit = read_json(own).get("max_seq_length") if own.is_file() else None
        self.max_tokens = int(limit or length_limit(folder))
        self.engine = self._runtime.engine
        self._refuse_many_labels()

    def judge(self, query: str, texts: Sequence[str]) -> Judged:
        """Return a logit for each text; raises `ModelError` where the query leaves no room."""
        return self.judge_many([(query, texts)])[0]

    def judge_many(self, asked: Sequence[Asked]) -> list[Judged]:
        """Return what `judge` does for each (query, texts), from one pass over all pairs."""
        pairs: list[Encoding] = []
        counts: list[tuple[int, int]] = []
        for query, texts in asked:
            question, *passages = self._tokens.bare([query, *texts])
            total = sum(len(passage) for passage in passages)
            pairs += [self._tokens.pair(question, one, self.max_tokens) for one in passages]
            counts.append((sum(len(passage) for passage in passages), total))  # `pair` cut them
        logits = {row: float(values[0]) for row, values in self._runtime.each(pairs)}
        rows = iter(range(len(pairs)))
        return [
            Judged(tuple(logits[next(rows)] for _ in texts), read, total)
            for (_, texts), (read, total) in zip(asked, counts, strict=True)
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
