"""Vectors of a document's chunks: taken from its former version where the passage is the same."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ingest.ahead import ahead
from rag.models.encoder import Encoder
from rag.models.token_codes import token_codes
from rag.store.index import Index
from rag.types import Chunk

Vectors = NDArray[np.float32]
Encoded = tuple[NDArray[np.float32], bytes | None]
Batch = tuple[int, Sequence[Chunk], Vectors, list[bytes]]
AT_ONCE = 64  # chunks


class Encoding:
    """Encodes passages; the ready document of the same name lends what it already has.

    All vectors of a library are of one encoder, since `Index.open` refuses any other.
    """

    def __init__(self, index: Index, encoder: Encoder, name: str, keep_tokens: bool) -> None:
        self._index = index
        self._encoder = encoder
        self._keep_tokens = keep_tokens
        self._former = {
            chunk.passage: chunk.id
            for document in index.catalogue.documents("ready", name=name)
            for chunk in index.catalogue.chunks_of(document.id)
        }

    def batches(self, chunks: Sequence[Chunk]) -> Iterator[Batch]:
        """Yield what `Index.add` takes, in order; further batches are encoded meanwhile."""
        return ahead(
            partial(self._batch, first, chunks[first : first + AT_ONCE])
            for first in range(0, len(chunks), AT_ONCE)
        )

    def _batch(self, first: int, part: Sequence[Chunk]) -> Batch:
        return first, part, *self._encode([chunk.passage for chunk in part])

    def _encode(self, passages: Sequence[str]) -> tuple[Vectors, list[bytes]]:
        """Return unit vectors (passages, dimension) and, where they are kept, packed tokens."""
        known = self._known(passages)
        new = [passage for passage in passages if passage not in known]
        vectors, tokens = vectors_of(self._encoder, new, self._keep_tokens)
        known |= dict(zip(new, zip(vectors, tokens, strict=True), strict=True))
        both = [known[passage] for passage in passages]
        return (
            np.stack([vector for vector, _ in both]),
            [codes for _, codes in both if codes is not None],
        )

    def _known(self, passages: Sequence[str]) -> dict[str, Encoded]:
        same = {passage: self._former[passage] for passage in passages if passage in self._former}
        if not same:
            return {}
        vectors = self._index.catalogue.vectors(list(same.values()))
        kept = self._index.tokens.fetch(list(same)) if self._keep_tokens else [None] * len(same)
        return {
            passage: (vectors[name], codes)
            for (passage, name), codes in zip(same.items(), kept, strict=True)
            if name in vectors and (codes is not None or not self._keep_tokens)
        }


def vectors_of(
    encoder: Encoder, passages: Sequence[str], keep_tokens: bool
) -> tuple[Vectors, Sequence[bytes | None]]:
    """Return unit vectors (passages, dimension) and packed token vectors, None where not kept."""
    if not keep_tokens:
        return encoder.encode(passages), [None] * len(passages)
    vectors, tokens = encoder.encode_both(passages)
    return vectors, [token_codes(rows.shape[1]).pack(rows) for rows in tokens]
