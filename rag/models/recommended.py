"""One model for each purpose, with the figure that speaks for it and who measured that."""

from __future__ import annotations

from dataclasses import dataclass

from rag.models.hub import EMBEDDED, PACKED

PUBLISHED_BY = "https://huggingface.co/blog/ettin-reranker"
MEASURED_IN = "docs/rerankers.md"


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A model by its id; ``figure`` in words, ``source`` an address or a page of the docs."""

    purpose: str
    model: str
    figure: str
    source: str


RECOMMENDED = (
    Recommendation(
        "Find passages, English",
        EMBEDDED,
        "nDCG@10 0.821 together with BM25 (HotpotQA, 500 questions)",
        MEASURED_IN,
    ),
    Recommendation(
        "Find passages, many languages",
        PACKED,
        "nDCG@10 0.966 together with BM25 in seven languages (all-MiniLM-L6-v2: 0.917)",
        MEASURED_IN,
    ),
    Recommendation(
        "Rerank, English",
        "cross-encoder/ettin-reranker-32m-v1",
        "mean nDCG@10 0.578 over ten sets (ms-marco-MiniLM-L-6-v2: 0.508)",
        PUBLISHED_BY,
    ),
    Recommendation(
        "Rerank, many languages",
        "BAAI/bge-reranker-v2-m3",
        "mean nDCG@10 0.553 over ten sets, all of them English",
        PUBLISHED_BY,
    ),
)


def recommended_for(name: str) -> Recommendation | None:
    """Return what a model is recommended for, None if for nothing."""
    return next((one for one in RECOMMENDED if one.model == name), None)
