"""Logged questions: found by their words and by what became of them, and as a CSV file."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Literal

from rag.evaluate.judgements.files import written
from rag.watch.entry import LogEntry

Outcome = Literal["thumb up", "thumb down", "no thumb", "fell back", "refused", "failed"]
OUTCOMES: Mapping[Outcome, Callable[[LogEntry], bool]] = {
    "thumb up": lambda entry: entry.liked is True,
    "thumb down": lambda entry: entry.liked is False,
    "no thumb": lambda entry: entry.liked is None,
    "fell back": lambda entry: bool(entry.fell_back),
    "refused": lambda entry: entry.refused is True,
    "failed": lambda entry: bool(entry.error),
}
COLUMNS = (
    "time", "question", "origin", "reranker", "pool", "ranking_ms", "first_words_ms", "answer_ms",
    "thumb", "refused", "fell_back", "error", "generator", "tokens", "cost_usd", "settings", "turn",
    "collection",
)  # fmt: skip
_THUMBS = {True: "up", False: "down", None: ""}


def matching(
    entries: Iterable[LogEntry], words: str = "", outcomes: Iterable[Outcome] = ()
) -> list[LogEntry]:
    """Return those that hold every word, in any case, and have one of the outcomes; newest first.

    Without outcomes all do.
    """
    sought, wanted = words.casefold().split(), [OUTCOMES[outcome] for outcome in outcomes]
    found = [
        entry
        for entry in entries
        if all(word in entry.question.casefold() for word in sought)
        and (not wanted or any(holds(entry) for holds in wanted))
    ]
    return found[::-1]


def to_csv(entries: Iterable[LogEntry], collections: Mapping[int, str]) -> str:
    """Return questions as CSV with a header; times are in UTC and milliseconds.

    ``collections`` has the names of collections; the name of one that was removed stays empty.
    A text that a spreadsheet would run as a formula gets an apostrophe before it.
    """
    return written(COLUMNS, (_row(entry, collections) for entry in entries))


def _row(entry: LogEntry, collections: Mapping[int, str]) -> dict[str, Any]:
    return {
        "time": entry.asked,
        "question": entry.question,
        "origin": entry.origin,
        "reranker": entry.reranker,
        "pool": entry.pool,
        "ranking_ms": _ms(entry.ranking),
        "first_words_ms": _ms(entry.to_first_token),
        "answer_ms": _ms(entry.answering),
        "thumb": _THUMBS[entry.liked],
        "refused": entry.refused,
        "fell_back": entry.fell_back,
        "error": entry.error,
        "generator": entry.generator,
        "tokens": entry.tokens,
        "cost_usd": entry.cost,
        "settings": entry.digest,
        "turn": entry.turn,
        "collection": "" if entry.collection is None else collections.get(entry.collection, ""),
    }


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
