"""Units of scores, and how scores and remaining times are written."""

from __future__ import annotations

from rag.types import StageName, Trace

_FUSED = (
    *(StageName.FUSED, StageName.EXPANDED),
    *("feedback", "hyde", "llm-synonyms", "llm-specific", "llm-general"),
)
_UNITS: dict[str, str] = {
    StageName.DENSE: "cosine",
    StageName.LEXICAL: "BM25 score",
    StageName.FOLLOW_UP: "BM25, best is 1",
    StageName.SECOND_HOP: "best of both, 0 to 1",
}
_PLACES: dict[str, int] = {StageName.LEXICAL: 2}


def unit(stage: str, trace: Trace) -> str:
    """Return what a stage's scores are."""
    if stage in _FUSED:
        return "weighted sum" if trace.settings.get("fusion") == "weighted" else "reciprocal ranks"
    if stage in (StageName.RERANKED, StageName.FOLLOW_UP_RERANKED) and (ran := trace.stage(stage)):
        name = ran.reranker or str(trace.settings.get("reranker", ""))
        return f"{name} (fell back)" if ran.fell_back else name
    return _UNITS.get(stage, "score")


def number(stage: str, score: float | None) -> str:
    """Write a score with the decimals that its unit needs; nothing if there is none."""
    places = 4 if stage in _FUSED else _PLACES.get(stage, 3)
    return "" if score is None else f"{score:.{places}f}"


def left(seconds: float) -> str:
    """Write a remaining time the way people say it."""
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
