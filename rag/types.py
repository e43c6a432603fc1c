"""The words of the house: chunk, hit, stage, trace, answer. Imports nothing of ours.

Everything here is frozen. Ranks start at 1, higher scores are better, and scores of different
stages are different units: they are shown side by side and never compared.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import Any

from rag.errors import RerankError

Scalar = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document, as it was indexed.

    ``text`` is exactly the document's extracted text at ``start:end`` (characters). ``page`` is
    1-based and None where the format has no pages. ``heading`` is the path of headings above.
    """

    id: str
    document: str
    start: int
    end: int
    text: str
    page: int | None = None
    heading: tuple[str, ...] = ()

    @property
    def passage(self) -> str:
        """What encoders, BM25 and rerankers read: the text under its document's name and headings.

        A quarterly report rarely repeats its company and quarter in every paragraph; the name and
        the headings carry them.
        """
        context = " › ".join((PurePath(self.document).stem, *self.heading))
        return f"{context}\n{self.text}"


@dataclass(frozen=True, slots=True)
class Hit:
    """One stage's opinion of one chunk: its rank (from 1) and its score (higher is better)."""

    chunk: Chunk
    rank: int
    score: float


@dataclass(frozen=True, slots=True)
class Candidate:
    """A member of the pool with what the first stage thought of it.

    ``dense`` is a cosine, ``lexical`` a BM25 score, ``fused`` the fusion's own unit.
    """

    chunk: Chunk
    dense: float
    lexical: float
    fused: float


@dataclass(frozen=True, slots=True)
class Stage:
    """One ranking, named and timed.

    ``note`` says in words what is worth knowing (which reranker ran and why, what fell back);
    ``details`` holds the same as data (pairs scored, cache hits, cost); ``fell_back`` is true
    where the stage could not do its work and passed the previous order on.
    """

    name: str
    hits: tuple[Hit, ...]
    seconds: float
    note: str = ""
    fell_back: bool = False
    details: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Citation:
    """A marker ``[number]`` in an answer and the chunk it points to.

    ``start`` and ``end`` are the marker's characters in the answer's text; ``quote_start`` and
    ``quote_end`` the supporting characters within the chunk's text, where they are known.
    """

    number: int
    chunk_id: str
    start: int
    end: int
    quote_start: int | None = None
    quote_end: int | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a generator wrote. ``refused`` is true where it said that the documents do not answer.

    ``error`` is the reason in plain words where the generator failed; ``text`` then holds what
    arrived before. ``details`` holds tokens, cost and the like.
    """

    text: str
    citations: tuple[Citation, ...]
    generator: str
    refused: bool
    seconds: float
    error: str = ""
    details: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trace:
    """Every ranking that one question produced; nothing is ever overwritten.

    ``settings`` are the options that shaped it (never a key). The last stage ranks the whole
    pool; what the answer was given are its first ``settings["top"]`` hits that reach
    ``settings["threshold"]`` (`evidence`).
    """

    question: str
    settings: Mapping[str, Any]
    stages: tuple[Stage, ...]
    answer: Answer | None = None

    @property
    def settings_digest(self) -> str:
        """Sixteen hexadecimal digits that name the settings; equal settings, equal digest."""
        canonical = json.dumps(self.settings, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    @property
    def seconds(self) -> float:
        """Retrieval and reranking time. Dense and lexical run side by side, so they count once."""
        side_by_side = [s.seconds for s in self.stages if s.name in ("dense", "lexical")]
        rest = sum(s.seconds for s in self.stages if s.name not in ("dense", "lexical"))
        return max(side_by_side, default=0.0) + rest

    @property
    def evidence(self) -> tuple[Hit, ...]:
        """What the answer was given: the last stage, cut to ``top`` and by the threshold."""
        if not self.stages:
            return ()
        threshold = self.settings.get("threshold")
        hits = self.stages[-1].hits[: int(self.settings.get("top", 5))]
        return tuple(h for h in hits if threshold is None or h.score >= threshold)

    def stage(self, name: str) -> Stage | None:
        """Return the stage of that name, or None where it did not run."""
        return next((s for s in self.stages if s.name == name), None)

    def with_answer(self, answer: Answer) -> Trace:
        """Return this trace with its answer."""
        return replace(self, answer=answer)


def ranked(scored: Iterable[tuple[Chunk, float]]) -> tuple[Hit, ...]:
    """Order scored chunks, best first; the one place where anything is sorted into ranks.

    Ties keep the order in which they came. Raises `RerankError` on a score that is not finite
    and on a chunk that comes twice.
    """
    pairs = list(scored)
    seen: set[str] = set()
    for chunk, score in pairs:
        if not math.isfinite(score):
            raise RerankError(f"the score of passage {chunk.id} is {score}, not a finite number")
        if chunk.id in seen:
            raise RerankError(f"passage {chunk.id} was ranked twice")
        seen.add(chunk.id)
    pairs.sort(key=lambda pair: -pair[1])
    return tuple(Hit(chunk, rank, float(score)) for rank, (chunk, score) in enumerate(pairs, 1))


def normalised(scores: Sequence[float]) -> list[float]:
    """Min-max normalise to 0..1 within the list; a list of equal scores becomes all zeros."""
    if not scores:
        return []
    low, high = min(scores), max(scores)
    span = high - low
    return [(s - low) / span if span > 0 else 0.0 for s in scores]
