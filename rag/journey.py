"""What happened to each candidate on its way through a trace: derived from it, never stored.

A `Journey` follows one passage through every stage; a `Movement` compares its places in two of
them; `timeline` lays the stages out in time. All are pure functions of a `Trace`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rag.types import RETRIEVERS, Chunk, Hit, Stage, StageName, Trace

Direction = Literal["rose", "fell", "stayed"]
Crossing = Literal["entered", "dropped", ""]


@dataclass(frozen=True, slots=True)
class Standing:
    """A passage's place in one stage; ``rank`` and ``score`` are None if it is not in it."""

    stage: str
    rank: int | None
    score: float | None


@dataclass(frozen=True, slots=True)
class Journey:
    """A passage's standing at every stage of a trace, in the trace's order of stages."""

    chunk: Chunk
    standings: tuple[Standing, ...]


@dataclass(frozen=True, slots=True)
class Movement:
    """A passage's way from one ranking to a later one.

    ``before`` and ``after`` are ranks from 1, None if the passage is not in that ranking.
    ``was_in`` and ``is_in`` are whether the first ranking's top, and the evidence that the
    answer was given, hold it.
    """

    chunk: Chunk
    before: int | None
    after: int | None
    was_in: bool
    is_in: bool

    @property
    def shift(self) -> int | None:
        """Places gained (positive) or lost; None if one of the ranks is unknown."""
        if self.before is None or self.after is None:
            return None
        return self.before - self.after

    @property
    def direction(self) -> Direction:
        """Whether it rose, fell or stayed; one that is new rose, one that is gone fell."""
        if self.before is None or self.after is None:
            return "rose" if self.before is None else "fell"
        return (
            "rose" if self.after < self.before else "fell" if self.after > self.before else "stayed"
        )

    @property
    def crossing(self) -> Crossing:
        """Whether it entered what the answer was given, or dropped out of it."""
        return (
            "entered" if self.is_in > self.was_in else "dropped" if self.was_in > self.is_in else ""
        )


@dataclass(frozen=True, slots=True)
class Span:
    """A stage in time: ``start`` and ``seconds`` in seconds since the question was asked."""

    name: str
    start: float
    seconds: float
    note: str = ""
    fell_back: bool = False


def journeys(trace: Trace) -> list[Journey]:
    """Return the journey of every passage of the trace, in the order of the last stage.

    Passages that the last stage does not hold follow, in the order in which they first appear.
    """
    if not trace.stages:
        return []
    chunks: dict[str, Chunk] = {}
    for stage in (trace.stages[-1], *trace.stages):
        for hit in stage.hits:
            chunks.setdefault(hit.chunk.id, hit.chunk)
    found = {id(stage): _by_id(stage) for stage in trace.stages}
    return [
        Journey(chunk, tuple(_standing(s.name, found[id(s)].get(key)) for s in trace.stages))
        for key, chunk in chunks.items()
    ]


def journey(trace: Trace, chunk_id: str) -> Journey | None:
    """Return one passage's journey, or None if no stage of the trace holds it."""
    return next((j for j in journeys(trace) if j.chunk.id == chunk_id), None)


def movements(trace: Trace, before: str = StageName.FUSED) -> list[Movement]:
    """Return how each passage moved from the stage ``before`` to the last stage.

    Without a stage of that name, every ``before`` is None.
    """
    if not trace.stages:
        return []
    first = trace.stage(before)
    old = first.hits if first else ()
    return moves_between(old, trace.stages[-1].hits, old[: trace.top], trace.evidence)


def moves_between(
    old: Sequence[Hit], new: Sequence[Hit], was_in: Sequence[Hit], is_in: Sequence[Hit]
) -> list[Movement]:
    """Return how each passage moved from one ranking to another.

    In the order of the new one; passages that only the old one holds come at the end. ``was_in``
    and ``is_in`` are what the answer was given, or would be, of each.
    """
    before, after, top, given = (
        {h.chunk.id: h for h in hits} for hits in (old, new, was_in, is_in)
    )
    return [
        Movement(
            hit.chunk,
            before=before[key].rank if key in before else None,
            after=after[key].rank if key in after else None,
            was_in=key in top,
            is_in=key in given,
        )
        for key, hit in (after | before).items()
    ]


def fate(trace: Trace, chunk_id: str) -> str:
    """Return where a passage ended, and what kept it out of the answer if it is not in it."""
    rank = {hit.chunk.id: place for place, hit in enumerate(trace.evidence, 1)}.get(chunk_id)
    if rank is not None:
        return f"given to the answer as [{rank}]"
    last = _by_id(trace.stages[-1]).get(chunk_id) if trace.stages else None
    if last is None:
        if journey(trace, chunk_id) is None:
            return "in no ranking of this question"
        return f"cut before the stage {trace.stages[-1].name}"
    if last.rank > trace.top:
        return f"left out: rank {last.rank}, below the top {trace.top}"
    return f"left out: its score {last.score:.3f} is below the threshold"


def timeline(trace: Trace) -> list[Span]:
    """Lay the stages out in time; dense and lexical start together, the answer comes last."""
    spans: list[Span] = []
    clock = 0.0
    if trace.rewriting:
        clock = trace.rewriting.seconds
        problem = trace.rewriting.problem
        spans.append(Span("rewritten", 0.0, clock, problem, bool(problem)))
    for stage in trace.stages:
        beside = stage.name in RETRIEVERS and bool(spans) and spans[-1].name in RETRIEVERS
        start = spans[-1].start if beside else clock
        spans.append(Span(stage.name, start, stage.seconds, stage.note, stage.fell_back))
        clock = max(clock, start + stage.seconds)
    if trace.answer:
        spans.append(Span("answer", clock, trace.answer.seconds, trace.answer.error))
    return spans


def _by_id(stage: Stage) -> dict[str, Hit]:
    return {hit.chunk.id: hit for hit in stage.hits}


def _standing(stage: str, hit: Hit | None) -> Standing:
    return Standing(stage, hit.rank, hit.score) if hit else Standing(stage, None, None)
