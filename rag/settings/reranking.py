"""The reranker, when it runs, and what the answer is given of its ranking."""

from __future__ import annotations

import re
from typing import Literal

from rag.settings.base import SHAPES_RANKING, Section, option
from rag.settings.models import names_folder

# Rerankers that run on this machine and are Ranklens' own (not `remote` in rag/rerank/table.py).
LOCAL = frozenset(
    [
        "auto",
        "none",
        "late-interaction",
        "maxsim",
        "learned",
        "tuned",
        "cross-encoder",
        "ettin-reranker-17m-v1",
        "ettin-reranker-32m-v1",
        "ettin-reranker-68m-v1",
        "ettin-reranker-150m-v1",
        "gte-reranker-modernbert-base",
        "granite-embedding-reranker-english-r2",
        "ms-marco-MiniLM-L-6-v2",
        "ms-marco-MiniLM-L-12-v2",
        "ms-marco-electra-base",
        "bge-reranker-base",
        "bge-reranker-large",
        "bge-reranker-v2-m3",
        "jina-reranker-v2-base-multilingual",
        "mxbai-rerank-xsmall-v1",
        "mxbai-rerank-base-v1",
        "mxbai-rerank-large-v1",
        "Qwen3-Reranker-0.6B",
        "Qwen3-Reranker-4B",
        "mxbai-rerank-base-v2",
        "mxbai-rerank-large-v2",
        "bge-reranker-v2-gemma",
        "colbertv2.0",
        "GTE-ModernColBERT-v1",
    ]
)
_COMBINED = re.compile(r"\s*(hybrid|cascade|rrf)\s*:")
_LOCAL_FAMILIES = ("cross-encoder", "colbert", "learned", "tuned")


def needs_trust(rerankers: str) -> bool:
    """Return whether one of these is a service, of another package, or a model in a folder."""
    return not all(_is_local(part) for part in re.split(r"[>+,]", rerankers) if part.strip())


def _is_local(name: str) -> bool:
    while found := _COMBINED.match(name):
        name = name[found.end() :]
    family, colon, model = (part.strip() for part in name.partition(":"))
    if colon:
        return family in _LOCAL_FAMILIES and not names_folder(model)
    return family in LOCAL


class RerankingSettings(Section):
    """The reranker, when it runs, and what the answer is given of its ranking."""

    reranker: str = option(
        "auto",
        "Reranker by name (docs/rerankers.md); auto takes the best one that needs no key and whose "
        "weights are on this machine.",
        SHAPES_RANKING,
        trusted=needs_trust,
    )
    rerank_seconds: float = option(
        30.0,
        "Deadline of a reranker, in seconds; past it the fused order stands. With rerank_fallbacks "
        "the time that is left is shared among those that are left.",
        SHAPES_RANKING,
        gt=0,
    )
    rerank_policy: Literal["always", "ambiguous", "never"] = option(
        "always",
        "When to rerank: always, only if the first stage is not sure, or never.",
        SHAPES_RANKING,
    )
    rerank_gap: float = option(
        0.3,
        "The first stage is sure if its best candidate leads the second by this much (0 to 1) "
        "and rerank_spread is met too.",
        SHAPES_RANKING,
        ge=0,
    )
    rerank_spread: float = option(
        0.5,
        "The first stage is sure if its best candidate leads the last one that the answer would "
        "be given by this much (0 to 1) and rerank_gap is met too.",
        SHAPES_RANKING,
        ge=0,
    )
    rerank_budget_ms: int = option(
        0,
        "Time that reranking a question should take, in ms: the pool shrinks to what the measured "
        "cost allows; 0 for no budget.",
        SHAPES_RANKING,
        ge=0,
    )
    rerank_fallbacks: str = option(
        "",
        "Rerankers to try, in this order and separated by commas; they run if the reranker fails.",
        SHAPES_RANKING,
        trusted=needs_trust,
    )
    rerank_retries: int = option(
        2, "Further tries if a provider is busy (429) or fails (5xx).", ge=0, le=10
    )
    rerank_concurrency: int = option(
        8, "Calls to one provider at a time, if a reranker needs several.", ge=1, le=64
    )
    rerank_window: int = option(
        20, "Passages that a list-wise LLM orders in one call.", SHAPES_RANKING, ge=2, le=100
    )
    rerank_cut: int = option(
        20,
        "Candidates that a cascade's first reranker leaves to the second; each further one gets "
        "half as many.",
        SHAPES_RANKING,
        ge=1,
    )
    rerank_instruction: str = option(
        "",
        "What to prefer, in a sentence, for rerankers that follow an instruction (“Prefer the "
        "newest report”); a stage notes which rerankers do not (docs/rerankers.md).",
        SHAPES_RANKING,
        max_length=2000,
    )
    rerank_tokens: int = option(
        0,
        "Most tokens of question and passage that a cross-encoder on this machine reads; the rest "
        "of the passage is cut. 0 takes the model's own limit.",
        SHAPES_RANKING,
        ge=0,
    )
    rerank_batch: int = option(
        0,
        "Pairs that a reranker in torch scores at once; 0 takes 64 on a graphics processor and 8 "
        "without one. A batch that does not fit into its memory is tried again in halves. Models "
        "in ONNX Runtime choose by themselves.",
        ge=0,
        le=10_000,
    )
    rerank_cache_mb: int = option(
        100, "Largest size of the scores kept on disk, in MB; 0 keeps none.", ge=0
    )
    blend_dense: float = option(
        0.3, "Weight of the dense score in hybrid rerankers.", SHAPES_RANKING, ge=0
    )
    blend_lexical: float = option(
        0.3, "Weight of the BM25 score in hybrid rerankers.", SHAPES_RANKING, ge=0
    )
    blend_reranker: float = option(
        0.4, "Weight of the reranker's own score in hybrid rerankers.", SHAPES_RANKING, ge=0
    )
    top: int = option(5, "Passages that the answer is given.", SHAPES_RANKING, ge=1, le=100)
    threshold: float | None = option(
        None,
        "Lowest final score of a passage that the answer is given; none keeps all.",
        SHAPES_RANKING,
    )
