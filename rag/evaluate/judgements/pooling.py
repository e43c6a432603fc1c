"""What is judged next: the first passages of several pipelines, in an order that favours none.

Pooling as in TREC (Sparck Jones and van Rijsbergen, 1975): what no pipeline ranks high is left
unjudged, so a pipeline that is measured should have been in the pool.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from rag.types import Chunk, Trace


def pooled(traces: Iterable[Trace], depth: int) -> list[Chunk]:
    """Return the first ``depth`` passages of every stage of every trace, each once, shuffled.

    The order depends on the question and the passages alone, never on a rank; it stays the same
    from one call to the next.
    """
    found: dict[str, Chunk] = {}
    question = ""
    for trace in traces:
        question = trace.question
        for stage in trace.stages:
            found |= {hit.chunk.id: hit.chunk for hit in stage.hits[:depth]}
    return shuffled(question, list(found.values()))


def shuffled(question: str, chunks: Sequence[Chunk]) -> list[Chunk]:
    """Return passages in an order that only chance has a part in, the same for the same input."""
    return sorted(chunks, key=lambda c: hashlib.sha256(f"{question}\0{c.id}".encode()).digest())
