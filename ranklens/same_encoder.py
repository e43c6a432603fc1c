"""Whether the server that encodes runs the model that a library was indexed with.

A name proves nothing: another model, or another version of it, behind the same name and with as
many dimensions would find nonsense without an error.
"""

from __future__ import annotations

import numpy as np

from rag.errors import LibraryMismatch
from rag.models.encoder import Encoder
from rag.store.catalogue import Catalogue

CHECKED = 4  # chunks
# Of the same weights in other engines and precisions it was above 0.98; of others it is near 0.
LEAST_COSINE = 0.95


def check_same(catalogue: Catalogue, encoder: Encoder) -> None:
    """Encode a few of the library's chunks again and compare.

    Raises `LibraryMismatch` if their vectors differ, and `ProviderError` if the server fails.
    """
    indexed = [document for document in catalogue.ready() if document.chunks]
    if not indexed:
        return
    smallest = min(indexed, key=lambda document: document.chunks)
    chunks = catalogue.chunks_of(smallest.id)[:CHECKED]
    kept = catalogue.vectors([chunk.id for chunk in chunks])
    found = encoder.encode([chunk.passage for chunk in chunks])
    cosines = [float(kept[chunk.id] @ row) for chunk, row in zip(chunks, found, strict=True)]
    if np.mean(cosines) < LEAST_COSINE:
        raise LibraryMismatch(
            f"the server of encoder_url does not run the model that the library was indexed with "
            f"({encoder.name}): its vectors of the same passages have a cosine of "
            f"{np.mean(cosines):.2f}. Name that model's server, set the prefix that it was given "
            "(encoder_passage_prefix), or index again with `ranklens reindex`"
        )
