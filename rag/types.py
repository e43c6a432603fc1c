"""The core types: chunk, hit, candidate, stage, citation, answer, trace.

Everything here is frozen. Ranks start at 1, higher scores are better, and scores of different
stages are different units: they are shown side by side and never compared.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import PurePath
from typing import Any, Literal

from rag.errors import RerankError

Scalar = str | int | float | bool | None


class StageName(StrEnum):
    """The names of the stages that rank; each variant of expansion has a stage of its own name."""

    DENSE = "dense"
    LEXICAL = "lexical"
    FUSED = "fused"
    EXPANDED = "expanded"
    RERANKED = "reranked"
    FOLLOW_UP = "follow-up"
    FOLLOW_UP_RERANKED = "follow-up-reranked"
    SECOND_HOP = "second-hop"
    WIDENED = "widened"
    SECOND_PIPELINE = "second-pipeline"
    INTERLEAVED = "interleaved"


RETRIEVERS = (StageName.DENSE, StageName.LEXICAL)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a document, as it was indexed.

    ``text`` is exactly the document's extracted text at ``start:end`` (characters). ``page`` is
    1-based and None if the format has no pages. ``heading`` is the path of headings above.
    ``context`` is a sentence that a language model wrote about the chunk's place in its document
    (option ``context_headers``), empty if none did.
    """

    id: str
    document: str
    start: int
    end: int
    text: str
    page: int | None = None
    heading: tuple[str, ...] = ()
    context: str = ""

    @property
    def passage(self) -> str:
        """What encoders, BM25 and rerankers read: the text under its document's name and headings.

        A quarterly report rarely repeats its company and quarter in every paragraph; the name and
        the headings carry them. The ``context`` stands between them and the text.
        """
        return "\n".join(filter(None, (self._path, self.context, self.text)))

    @property
    def in_document(self) -> str:
        """The passage without its ``context``: only what the document itself says."""
        return "\n".join(filter(None, (self._path, self.text)))

    @property
    def _path(self) -> str:
        return " › ".join((PurePath(self.document).stem, *self.heading))


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

    ``note`` describes in words what is worth knowing (why this reranker ran, what fell back);
    ``fell_back`` is true if the stage could not do its work and passed the previous order on.
    ``reranker`` is the one that ranked, in stages that rerank; ``skipped`` is true if the policy
    left the order as it was. ``details`` holds figures: pairs scored, cache hits, tokens, cost.
    """

    name: str
    hits: tuple[Hit, ...]
    seconds: float
    note: str = ""
    fell_back: bool = False
    reranker: str = ""
    skipped: bool = False
    details: Mapping[str, Scalar] = field(default_factory=dict)

    @property
    def kept_order(self) -> bool:
        """Whether no reranker changed the order that came in."""
        return self.fell_back or self.skipped or self.reranker == "none"


@dataclass(frozen=True, slots=True)
class Citation:
    """A marker ``[number]`` in an answer and the chunk it points to.

    ``start`` and ``end`` are the marker's characters in the answer's text; ``quote_start`` and
    ``quote_end`` the supporting characters within the chunk's text, if they are known.
    """

    number: int
    chunk_id: str
    start: int
    end: int
    quote_start: int | None = None
    quote_end: int | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """A sentence of an answer that is worth a second look.

    ``start`` and ``end`` are its characters in the answer's text; ``why`` describes what is
    missing, ``by`` what found that.
    """

    start: int
    end: int
    verdict: Literal["uncited", "doubtful"]
    why: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a generator wrote; ``refused`` is true if it answered that the documents do not say.

    ``error`` is the reason in plain words if the generator failed; ``text`` then holds what
    arrived before. ``stopped`` is true if somebody stopped it. ``first_token_seconds`` is the time
    until the first words. ``relevance`` (0 to 1) rates the evidence, and ``refused_below`` is the
    threshold if it was too low. ``prompt`` and ``thinking`` are what a model was given and what it
    thought; ``left_out``, ``shortened`` and ``merged`` are numbers of passages in that prompt.
    ``details`` holds figures: tokens, cost.
    """

    text: str
    citations: tuple[Citation, ...]
    generator: str
    refused: bool
    seconds: float
    error: str = ""
    stopped: bool = False
    first_token_seconds: float | None = None
    relevance: float | None = None
    refused_below: float | None = None
    checks: tuple[Check, ...] = ()
    thinking: str = ""
    prompt: str = ""
    left_out: tuple[int, ...] = ()
    shortened: tuple[int, ...] = ()
    merged: tuple[int, ...] = ()
    details: Mapping[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Rewriting:
    """How a follow-up became a question that stands alone.

    ``by`` is None if the question stayed as ``asked``; ``problem`` is why the model did not
    rewrite it.
    """

    asked: str
    by: Literal["rule", "model"] | None
    seconds: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Trace:
    """Every ranking that one question produced; nothing is ever overwritten.

    ``settings`` are the options that shaped it (never a key). The last stage ranks the whole
    pool; the answer was given its first `top` hits that reach `threshold` (`evidence`).
    ``widened`` are the passages beside those, which it was given after them (`given`), if it was.
    ``rewriting`` is there if ``question`` is a follow-up's stand-alone form.
    """

    question: str
    settings: Mapping[str, Any]
    stages: tuple[Stage, ...]
    answer: Answer | None = None
    rewriting: Rewriting | None = None
    widened: Stage | None = None

    @property
    def settings_digest(self) -> str:
        """Sixteen hexadecimal digits that name the settings; equal settings, equal digest."""
        canonical = json.dumps(self.settings, sort_keys=True, ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()[:16]

    @property
    def asked(self) -> str:
        """The question as somebody typed it, before it was rewritten."""
        return self.rewriting.asked if self.rewriting else self.question

    @property
    def top(self) -> int:
        """How many passages the answer is given at most."""
        return int(self.settings["top"])

    @property
    def threshold(self) -> float | None:
        """The lowest final score of a passage that the answer is given; None keeps all."""
        return self.settings.get("threshold")

    @property
    def seconds(self) -> float:
        """Time before the answer. Dense and lexical run side by side, so they count once."""
        side_by_side = [s.seconds for s in self.stages if s.name in RETRIEVERS]
        rest = sum(s.seconds for s in self.stages if s.name not in RETRIEVERS)
        rewriting = self.rewriting.seconds if self.rewriting else 0.0
        rest += self.widened.seconds if self.widened else 0.0
        return rewriting + max(side_by_side, default=0.0) + rest

    @property
    def evidence(self) -> tuple[Hit, ...]:
        """The passages that were ranked best: the last stage, cut to `top` and by the threshold."""
        if not self.stages:
            return ()
        hits = self.stages[-1].hits[: self.top]
        return tuple(h for h in hits if self.threshold is None or h.score >= self.threshold)

    @property
    def given(self) -> tuple[Hit, ...]:
        """What the answer was given, in the order of its numbers: evidence, then what is beside."""
        return (*self.evidence, *(self.widened.hits if self.widened else ()))

    def stage(self, name: str) -> Stage | None:
        """Return the stage of that name, or None if it did not run."""
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
