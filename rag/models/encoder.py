"""What an encoder is, and how much of a text a model reads; `rag.models.load` loads one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float32]


class Encoder(Protocol):
    """Turns texts into vectors. Several threads may use one encoder at once.

    ``revision`` is the first 16 hexadecimal digits of the weights' sha256, ``max_tokens`` the most
    tokens it reads of a text (special tokens included), ``engine`` what runs it.
    """

    name: str
    revision: str
    dimension: int
    max_tokens: int
    engine: str

    @property
    def token_counter(self) -> Path:
        """A folder of tokeniser files, with which another process counts as `count_tokens` does."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without special tokens or truncation."""

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return unit vectors of passages, (texts, dimension)."""

    def encode_query(self, text: str) -> Matrix:
        """Return the unit vector of a question, (dimension,)."""

    def encode_queries(self, texts: Sequence[str]) -> Matrix:
        """Return unit vectors of questions, (texts, dimension)."""

    def encode_tokens(self, texts: Sequence[str]) -> list[Matrix]:
        """Return a unit vector for every token a text has, (tokens, size), no special tokens."""

    def encode_both(self, texts: Sequence[str]) -> tuple[Matrix, list[Matrix]]:
        """Return `encode` and `encode_tokens` of passages from one pass if that is possible."""

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Return the characters (start, end) of each row that `encode_tokens` gives for a text."""

    def coverage(self, texts: Sequence[str]) -> float:
        """Return how much of the texts its vocabulary knows as words, 0.1 to 1."""


@dataclass(frozen=True, slots=True)
class Reading:
    """Tokens of one text: how many the model reads of how many there are.

    ``beside`` counts the question's tokens if both are read together, else 0; ``limit`` is the
    most that the model reads at once, special tokens included.
    """

    read: int
    total: int
    beside: int
    limit: int

    @property
    def share(self) -> float:
        """The part of the text that is read, 0 to 1; an empty text is read."""
        return self.read / self.total if self.total else 1.0


def unit(rows: Matrix) -> Matrix:
    """Scale vectors along the last axis to length 1; a zero vector stays zero."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    scaled: Matrix = (rows / np.maximum(lengths, 1e-12)).astype(np.float32, copy=False)
    return scaled
