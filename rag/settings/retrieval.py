"""Retrieval, fusion, expansion and the second hop."""

from __future__ import annotations

from typing import Literal

from rag.settings.base import SHAPES_RANKING, Section, option


def needs_model(expansion: str) -> bool:
    """Return whether one of these variants is written by a language model."""
    return not {part.strip() for part in expansion.split(",")} <= {"", "none", "feedback"}


class RetrievalSettings(Section):
    """Retrieval, fusion, expansion and the second hop."""

    max_question_characters: int = option(
        8_000, "Longest question, in characters; a longer one is refused.", ge=10
    )
    pool: int = option(
        50,
        "Depth of each retriever, and the number of candidates that are reranked.",
        SHAPES_RANKING,
        ge=1,
        le=1000,
    )
    fusion: Literal["rrf", "weighted"] = option(
        "weighted",
        "Fusion of the retrievers: reciprocal ranks, or weighted min-max scores.",
        SHAPES_RANKING,
    )
    rrf_k: int = option(60, "Constant k of reciprocal-rank fusion.", SHAPES_RANKING, ge=1)
    dense_weight: float = option(1.0, "Weight of dense retrieval in fusion.", SHAPES_RANKING, ge=0)
    lexical_weight: float = option(1.0, "Weight of BM25 in fusion.", SHAPES_RANKING, ge=0)
    coverage_weights: bool = option(
        True,
        "Give dense retrieval and rerankers less weight on text that their model's vocabulary only "
        "spells, as it does languages that it was not made for.",
        SHAPES_RANKING,
    )
    expansion: str = option(
        "none",
        "Variants of the question to search for beside it, separated by commas: none, feedback "
        "(offline), llm-synonyms, llm-specific, llm-general, hyde.",
        SHAPES_RANKING,
        trusted=needs_model,
    )
    expansion_weight: float = option(
        1.0,
        "Weight of each variant's ranking in fusion; the question's own has 1.",
        SHAPES_RANKING,
        ge=0,
        le=10,
    )
    expansion_seconds: float = option(
        10.0,
        "Longest wait for the model that writes variants, in seconds; past it the question goes on "
        "without them.",
        SHAPES_RANKING,
        gt=0,
    )
    feedback_passages: int = option(
        3, "First passages that feedback takes its words and vector from.", SHAPES_RANKING, ge=1
    )
    feedback_words: int = option(
        20, "Words that feedback adds to the question.", SHAPES_RANKING, ge=0, le=200
    )
    hops: int = option(
        1,
        "Retrievals: with 2, what the best passages name is searched for too.",
        SHAPES_RANKING,
        ge=1,
        le=2,
    )
    hop_passages: int = option(
        2, "Best passages that the second hop follows.", SHAPES_RANKING, ge=1, le=10
    )
    hop_decay: float = option(
        0.65,
        "Weight of the second hop's ranking beside the first hop's.",
        SHAPES_RANKING,
        ge=0,
        le=1,
    )
