"""Vectors of a document's chunks: from its former version if the passage is the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ingest.ahead import ahead
from rag.models.encoder import Encoder
from rag.models.token_codes import token_codes
from rag.store.protocol import Store
from rag.types import Chunk

Vectors = NDArray[np.float32]
Batch = tuple[int, Sequence[Chunk], Vectors, list[bytes]]
AT_ONCE = 64  # chunks


def batches(
    index: Store, encoder: Encoder, chunks: Sequence[Chunk], keep_tokens: bool
) -> Iterator[Batch]:
    """Yield what `Store.add` takes, in order; further batches are encoded meanwhile.

    The ready document of the same name lends the vectors that it already has: all vectors of a
    library are of one encoder, since a store refuses any other.
    """
    former = {
        chunk.passage: chunk.id
        for document in index.catalogue.documents("ready", name=chunks[0].document)
        for chunk in index.catalogue.chunks_of(document.id)
    }
    return ahead(
        partial(_batch, index, encoder, keep_tokens, former, first, chunks[first : first + AT_ONCE])
        for first in range(0, len(chunks), AT_ONCE)
    )


def _batch(
    index: Store,
    encoder: Encoder,
    keep_tokens: bool,
    former: Mapping[str, str],
    first: int,
    part: Sequence[Chunk],
) -> Batch:
    passages = [chunk.passage for chunk in part]
    known = _known(index, keep_tokens, {p: former[p] for p in passages if p in former})
    new = [passage for passage in passages if passage not in known]
    vectors, tokens = vectors_of(encoder, new, keep_tokens)
    known |= dict(zip(new, zip(vectors, tokens, strict=True), strict=True))
    stacked = np.stack([known[passage][0] for passage in passages])
    return first, part, stacked, [codes for p in passages if (codes := known[p][1]) is not None]


def _known(
    index: Store, keep_tokens: bool, same: Mapping[str, str]
) -> dict[str, tuple[Vectors, bytes | None]]:
    """Return vector and packed tokens by passage, for those whose former chunk has both."""
    if not same:
        return {}
    vectors = index.catalogue.vectors(list(same.values()))
    kept = index.tokens.fetch(list(same)) if keep_tokens else [None] * len(same)
    return {
        passage: (vectors[name], codes)
        for (passage, name), codes in zip(same.items(), kept, strict=True)
        if name in vectors and (codes is not None or not keep_tokens)
    }


def vectors_of(
    encoder: Encoder, passages: Sequence[str], keep_tokens: bool
) -> tuple[Vectors, Sequence[bytes | None]]:
    """Return unit vectors (passages, dimension) and packed token vectors, None if not kept."""
    if not keep_tokens:
        return encoder.encode(passages), [None] * len(passages)
    vectors, tokens = encoder.encode_both(passages)
    return vectors, [token_codes(rows.shape[1]).pack(rows) for rows in tokens]
