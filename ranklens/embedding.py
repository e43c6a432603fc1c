"""Encode texts that another program brings, with the library's encoder; nothing is kept of them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag.models.batching import Batcher, batcher_for
from rag.models.deadline import until
from rag.models.encoder import Encoder, Matrix
from rag.settings import Settings
from ranklens.texts import checked_texts

_SPECIAL = 8  # more special tokens than any encoder adds


@dataclass(frozen=True, slots=True)
class Embeddings:
    """Unit vectors of texts (texts, dimension), and each text's tokens.

    ``cut`` are the places of texts that have more tokens than the encoder reads.
    """

    vectors: Matrix
    tokens: tuple[int, ...]
    encoder: str
    cut: tuple[int, ...]


class Embedder:
    """Encodes texts of many callers; those that wait are encoded together."""

    def __init__(self, encoder: Encoder, settings: Settings) -> None:
        self._encoder, self._settings = encoder, settings
        engine = encoder.engine
        self._passages: Batcher[str, Matrix] = batcher_for(engine, self._encoded)
        self._questions: Batcher[str, Matrix] = batcher_for(engine, self._asked)

    def embed(
        self, texts: Sequence[str], questions: bool = False, stop: threading.Event | None = None
    ) -> Embeddings:
        """Return the vectors of texts; see `ranklens.Library.embed`."""
        texts, encoder = checked_texts(texts, self._settings), self._encoder
        with until(stop):
            rows = (self._questions if questions else self._passages)(texts)
        vectors = np.stack(rows) if rows else np.zeros((0, encoder.dimension), np.float32)
        tokens = tuple(encoder.count_tokens(texts))
        cut = (place for place, text in enumerate(texts) if self._is_cut(text, tokens[place]))
        return Embeddings(vectors, tokens, encoder.name, tuple(cut))

    def _is_cut(self, text: str, tokens: int) -> bool:
        # The limit counts special tokens, of which there are few.
        near = tokens > self._encoder.max_tokens - _SPECIAL
        return near and len(self._encoder.token_spans(text)) < tokens

    def _encoded(self, texts: list[str]) -> list[Matrix]:
        return list(self._encoder.encode(texts))

    def _asked(self, texts: list[str]) -> list[Matrix]:
        return list(self._encoder.encode_queries(texts))
