"""An encoder whose vectors count words: a text is as near to another as the words they share."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from rag.text.words import term


class CountingEncoder:
    """Every word has a direction of its own; no two words are alike."""

    name, revision, dimension, max_tokens, engine = "counting", "0" * 16, 512, 10_000, "by hand"

    def __init__(self) -> None:
        self.calls = 0
        self._places: dict[str, int] = {}

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        return [len(self.token_spans(text)) for text in texts]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = [tokens.sum(axis=0) for tokens in self.encode_tokens(texts)]
        matrix = np.array(rows, np.float32).reshape(len(texts), self.dimension)
        return matrix / np.maximum(np.linalg.norm(matrix, axis=1, keepdims=True), 1e-9)

    def encode_query(self, text: str) -> NDArray[np.float32]:
        return self.encode([text])[0]

    def encode_queries(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return self.encode(texts)

    def encode_tokens(self, texts: Sequence[str]) -> list[NDArray[np.float32]]:
        self.calls += 1
        return [self._rows([text[a:b] for a, b in self.token_spans(text)]) for text in texts]

    def encode_both(
        self, texts: Sequence[str]
    ) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
        return self.encode(texts), self.encode_tokens(texts)

    def coverage(self, texts: Sequence[str]) -> float:
        return 1.0

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        return [match.span() for match in re.finditer(r"\w+", text)]

    def _rows(self, words: Sequence[str]) -> NDArray[np.float32]:
        rows = np.zeros((len(words), self.dimension), np.float32)
        for row, word in zip(rows, words, strict=True):
            row[self._places.setdefault(term(word), len(self._places))] = 1.0
        return rows
