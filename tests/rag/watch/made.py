"""Traces and entries whose figures can be worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rag.types import Answer, Chunk, Stage, Trace, ranked
from rag.watch.entry import LogEntry, StageTime, entry_of

CHUNKS = [Chunk(letter * 32, "moon.md", i * 10, i * 10 + 5, f"text{letter}")
          for i, letter in enumerate("abcd")]  # fmt: skip
NOW = 1_700_000_000.0


def trace_of(question: str = "is it red?", fell_back: bool = False, answered: bool = True) -> Trace:
    """Ranked in 0.01 + 0.002 + 0.1 s, answered in 0.5 s with its first words after 0.2 s."""
    fused = ranked((c, 1.0 - i / 10) for i, c in enumerate(CHUNKS))
    order = CHUNKS if fell_back else [CHUNKS[1], CHUNKS[0], *CHUNKS[2:]]
    details = {"pairs": 4, "cache_hits": 1, "tokens": 30, "cost_usd": 0.25}
    stages = (
        Stage("dense", fused, 0.01),
        Stage("lexical", fused, 0.004),
        Stage("fused", fused, 0.002),
        Stage("reranked", ranked((c, 1.0 - i / 10) for i, c in enumerate(order)), 0.1,
              "the server is away" if fell_back else "", fell_back, "scripted", details=details),
    )  # fmt: skip
    used = {"prompt_tokens": 100, "completion_tokens": 7, "cost_usd": 0.5}
    answer = Answer("It is [1].", (), "llm", False, 0.5, first_token_seconds=0.2, details=used)
    settings: dict[str, Any] = {"reranker": "auto", "pool": 50, "top": 5, "threshold": None}
    return Trace(question, settings, stages, answer if answered else None)


def entry(at: float = 0.0, **changes: Any) -> LogEntry:
    """An entry asked ``at`` seconds after NOW."""
    made = entry_of(trace_of(), "page", NOW)
    return replace(made, asked=NOW + at, **changes)


def took(seconds: float, at: float = 0.0, **changes: Any) -> LogEntry:
    return entry(at, ranking=seconds, stages=(StageTime("reranked", seconds),), **changes)
