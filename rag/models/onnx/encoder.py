"""An encoder in ONNX Runtime: no torch, one pass for sentence and token vectors."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from tokenizers import Encoding

from rag.models.encoder import Matrix, unit
from rag.models.files import file_digest, read_json
from rag.models.onnx.exports import WEIGHTS
from rag.models.onnx.recipe import read_recipe
from rag.models.onnx.runtime import load_runtime
from rag.models.tokens import Tokens

WINDOW = 1024  # texts that are tokenised and sorted together; bounds the memory of a long call


class OnnxEncoder:
    """A plain Transformer + Pooling model; see `rag.models.encoder.Encoder`."""

    def __init__(self, name: str, folder: Path, cache: Path, engine: str = "float32") -> None:
        """Load the model; raises `ModelError` if this engine cannot run it."""
        self._recipe = read_recipe(folder)
        self._tokens = Tokens(folder)
        self._runtime = load_runtime(folder, "hidden", cache, engine)
        self.name = name
        self.revision = file_digest(folder / WEIGHTS, cache)[:16]
        self.dimension = int(read_json(folder / "config.json")["hidden_size"])
        self.max_tokens = self._recipe.max_tokens
        self.engine = self._runtime.engine

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without special tokens or truncation."""
        return self._tokens.count(texts)

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return unit vectors of passages, (texts, dimension)."""
        return self._sentences([self._recipe.passage_prompt + text for text in texts])

    def encode_query(self, text: str) -> Matrix:
        """Return the unit vector of a question, (dimension,)."""
        vector: Matrix = self._sentences([self._recipe.query_prompt + text])[0]
        return vector

    def encode_tokens(self, texts: Sequence[str]) -> list[Matrix]:
        """Return a unit vector for every token a text has, (tokens, size), no special tokens."""
        tokens = self._empty(len(texts))
        for row, encoding, hidden in self._passes(texts):
            tokens[row] = _own_tokens(encoding, hidden)
        return tokens

    def encode_both(self, texts: Sequence[str]) -> tuple[Matrix, list[Matrix]]:
        """Return `encode` and `encode_tokens`; one pass unless passages get a prompt."""
        if self._recipe.passage_prompt:
            return self.encode(texts), self.encode_tokens(texts)
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        tokens = self._empty(len(texts))
        for row, encoding, hidden in self._passes(texts):
            vectors[row] = self._pooled(hidden)
            tokens[row] = _own_tokens(encoding, hidden)
        return unit(vectors), tokens

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Return the characters (start, end) of each row that `encode_tokens` gives for a text."""
        encoding = self._tokens.single(self._tokens.bare([text])[0], self.max_tokens)
        rows = zip(encoding.offsets, encoding.special_tokens_mask, strict=True)
        return [span for span, special in rows if not special]

    def _empty(self, count: int) -> list[Matrix]:
        return [np.zeros((0, self.dimension), dtype=np.float32)] * count

    def _sentences(self, texts: Sequence[str]) -> Matrix:
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, _, hidden in self._passes(texts):
            vectors[row] = self._pooled(hidden)
        return unit(vectors)

    def _pooled(self, hidden: Matrix) -> Matrix:
        pooled: Matrix = hidden[0] if self._recipe.pooling == "cls" else hidden.mean(axis=0)
        return pooled

    def _passes(self, texts: Sequence[str]) -> Iterator[tuple[int, Encoding, Matrix]]:
        for start in range(0, len(texts), WINDOW):
            bare = self._tokens.bare(texts[start : start + WINDOW])
            encodings = [self._tokens.single(one, self.max_tokens) for one in bare]
            for row, hidden in self._runtime.each(encodings):
                yield start + row, encodings[row], hidden


def _own_tokens(encoding: Encoding, hidden: Matrix) -> Matrix:
    own = np.array(encoding.special_tokens_mask, dtype=bool)
    return unit(hidden[~own])
