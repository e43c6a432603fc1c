"""An encoder in ONNX Runtime: no torch, one pass for sentence and token vectors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Encoding

from rag.models.encoder import Matrix, unit
from rag.models.files import file_digest, read_json
from rag.models.onnx.exports import load_runtime
from rag.models.onnx.recipe import WEIGHTS, read_recipe
from rag.models.tokens import Tokens

WINDOW = 1024  # texts that are tokenised and sorted together; bounds the memory of a long call


class OnnxEncoder:
    """A plain Transformer + Pooling model; see `rag.models.encoder.Encoder`."""

    def __init__(self, name: str, folder: Path, cache: Path, engine: str = "float32") -> None:
        """Load the model; raises `ModelError` if this engine cannot run it."""
        self._recipe = read_recipe(folder)
        self._tokens = Tokens(folder)
        self.token_counter = folder
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
        prompt = self._recipe.passage_prompt
        return self._encoded([prompt + text for text in texts], with_tokens=False)[0]

    def encode_query(self, text: str) -> Matrix:
        """Return the unit vector of a question, (dimension,)."""
        vector: Matrix = self.encode_queries([text])[0]
        return vector

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        """Return unit vectors of questions, (texts, dimension)."""
        prompt = self._recipe.query_prompt
        return self._encoded([prompt + text for text in texts], with_tokens=False)[0]

    def encode_tokens(self, texts: Sequence[str]) -> list[Matrix]:
        """Return a unit vector for every token a text has, (tokens, size), no special tokens."""
        return self._encoded(texts)[1]

    def encode_both(self, texts: Sequence[str]) -> tuple[Matrix, list[Matrix]]:
        """Return `encode` and token vectors as `encode_tokens` has them, from one pass.

        If passages get a prompt, their tokens have read it, and its own tokens are left out.
        """
        prompt = self._recipe.passage_prompt
        vectors, tokens = self._encoded([prompt + text for text in texts], len(prompt))
        if prompt:
            rows = [len(self.token_spans(text)) for text in texts]
            # The prompt took the place of a long text's last tokens, or joined with the first.
            other = [i for i, row in enumerate(rows) if row != len(tokens[i])]
            for i, own in zip(other, self.encode_tokens([texts[i] for i in other]), strict=True):
                tokens[i] = own
        return vectors, tokens

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Return the characters (start, end) of each row that `encode_tokens` gives for a text."""
        encoding = self._tokens.single(self._tokens.bare([text])[0], self.max_tokens)
        rows = zip(encoding.offsets, encoding.special_tokens_mask, strict=True)
        return [span for span, special in rows if not special]

    def coverage(self, texts: Sequence[str]) -> float:
        """Return how much of the texts its vocabulary knows as words, 0.1 to 1."""
        return self._tokens.coverage(texts)

    def _encoded(
        self, texts: Sequence[str], prompt: int = 0, with_tokens: bool = True
    ) -> tuple[Matrix, list[Matrix]]:
        """Return a vector for each text, and its tokens' behind a prompt of that many letters."""
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        tokens: list[Matrix] = [vectors[:0]] * len(texts)
        for start in range(0, len(texts), WINDOW):
            bare = self._tokens.bare(texts[start : start + WINDOW])
            encodings = [self._tokens.single(one, self.max_tokens) for one in bare]
            for row, hidden in self._runtime.each(encodings):
                first_only = self._recipe.pooling == "cls"
                vectors[start + row] = hidden[0] if first_only else hidden.mean(axis=0)
                if with_tokens:
                    tokens[start + row] = unit(hidden[_own_tokens(encodings[row], prompt)])
        return unit(vectors), tokens


def _own_tokens(encoding: Encoding, prompt: int) -> NDArray[np.bool_]:
    """Return which tokens are of the text behind a prompt, neither special nor of the prompt."""
    special = np.array(encoding.special_tokens_mask, dtype=bool)
    ends = np.array([end for _, end in encoding.offsets], dtype=np.intp)
    own: NDArray[np.bool_] = ~special & (ends > prompt if prompt else True)
    return own
