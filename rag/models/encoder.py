"""The encoder protocol, and which engine runs an encoder.

ONNX Runtime where a graph can be made of the model, else sentence-transformers on torch. Either
gives sentence-transformers' vectors; `Encoder.engine` says which one runs and why.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from rag.errors import ModelError
from rag.models.hub import check_embedded, embedded_folder, locate
from rag.settings import Settings

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

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without special tokens or truncation."""

    def encode(self, texts: Sequence[str]) -> Matrix:
        """Return unit vectors of passages, (texts, dimension)."""

    def encode_query(self, text: str) -> Matrix:
        """Return the unit vector of a question, (dimension,)."""

    def encode_tokens(self, texts: Sequence[str]) -> list[Matrix]:
        """Return a unit vector for every token a text has, (tokens, size), no special tokens."""

    def encode_both(self, texts: Sequence[str]) -> tuple[Matrix, list[Matrix]]:
        """Return `encode` and `encode_tokens` of passages from one pass where that is possible."""

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Return the characters (start, end) of each row that `encode_tokens` gives for a text."""


def load_encoder(settings: Settings) -> Encoder:
    """Load the encoder that ``settings`` name.

    Raises `ModelMissing` where it is not on this machine, `ModelError` where it cannot be loaded or
    the embedded weights are not the original ones.
    """
    folder = locate(settings.encoder)
    if folder == embedded_folder():
        check_embedded(settings.cache)
    try:
        from rag.models.onnx.encoder import OnnxEncoder

        return OnnxEncoder(settings.encoder, folder, settings.cache, settings.engine)
    except ModelError as error:
        # Imported here: torch takes seconds, and the usual encoder does not need it.
        from rag.models.torch_encoder import TorchEncoder

        return TorchEncoder(settings.encoder, folder, settings.cache, reason=str(error))


def unit(rows: Matrix) -> Matrix:
    """Scale vectors along the last axis to length 1; a zero vector stays zero."""
    lengths = np.linalg.norm(rows, axis=-1, keepdims=True)
    scaled: Matrix = (rows / np.maximum(lengths, 1e-12)).astype(np.float32, copy=False)
    return scaled
