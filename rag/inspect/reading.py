"""How much of each passage the reranker read before it cut it off."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rag.models.encoder import Reading
from rag.pipeline import Pipeline
from rag.types import Chunk


@dataclass(frozen=True, slots=True)
class Readings:
    """What one reranker reads of passages, in their order."""

    reranker: str
    passages: tuple[Reading, ...]


def readings(pipeline: Pipeline, question: str, chunks: Sequence[Chunk]) -> Readings | None:
    """Return what the reranker that ranks last reads of passages; None if none reports it.

    No model is run. Raises `RerankError` if a reranker cannot run here, or if the question
    leaves no room for a passage.
    """
    for entry, reranker in reversed(pipeline.reranker_parts()):
        if (reading := getattr(reranker, "reading", None)) is not None:
            texts = [entry.text(chunk) for chunk in chunks]
            return Readings(entry.name, tuple(reading(question, texts)))
    return None
