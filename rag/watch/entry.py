"""What the log keeps of one question, derived from its trace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from rag.llm.prices import spent
from rag.types import Scalar, Stage, StageName, Trace

Origin = Literal["page", "command line", "python", "api", "mcp"]


@dataclass(frozen=True, slots=True)
class StageTime:
    """A stage that ran: its name, its seconds, whether it fell back."""

    name: str
    seconds: float
    fell_back: bool = False


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One question as it is logged. Times are seconds, ``asked`` is seconds since 1970.

    ``question`` is what was searched (a follow-up rewritten), empty once its conversation is
    deleted. ``ranking`` is the trace's own time; ``first_token`` (None if no word came) and
    ``answering`` (None if no answer was wanted) count from the end of the ranking. ``fell_back``
    names the stage and the reason. ``turn`` is the conversation's turn that holds the trace, or
    None. ``cost`` is in dollars, None if a price is not known. ``collection`` is the number of the
    one that was asked, 0 for all of them; None if that was not written down.
    """

    question: str
    origin: str
    asked: float
    digest: str
    reranker: str
    pool: int | None
    ranking: float
    stages: tuple[StageTime, ...]
    first_token: float | None = None
    answering: float | None = None
    generator: str = ""
    refused: bool | None = None
    error: str = ""
    fell_back: str = ""
    pairs: int = 0
    cache_hits: int = 0
    tokens: int = 0
    cost: float | None = None
    liked: bool | None = None
    turn: int | None = None
    collection: int | None = None
    id: int = 0

    @property
    def to_first_token(self) -> float | None:
        """Seconds from the question to the answer's first words."""
        return None if self.first_token is None else self.ranking + self.first_token

    @property
    def total(self) -> float:
        """Seconds from the question to the end of its answer, or of its ranking without one."""
        return self.ranking + (self.answering or 0.0)

    @property
    def slowest_stage(self) -> StageTime | None:
        """The stage that took longest."""
        return max(self.stages, key=lambda stage: stage.seconds, default=None)


def entry_of(
    trace: Trace, origin: Origin, ended: float, turn: int | None = None,
    collection: int | None = None,
) -> LogEntry:  # fmt: skip
    """Return what is to be logged of a trace that was complete at ``ended`` (since 1970)."""
    answer = trace.answer
    details = [stage.details for stage in trace.stages] + ([answer.details] if answer else [])
    reranked = trace.stage(StageName.RERANKED)
    pool = trace.settings.get("pool")
    return LogEntry(
        question=trace.question,
        origin=origin,
        asked=ended - trace.seconds - (answer.seconds if answer else 0.0),
        digest=trace.settings_digest,
        reranker=(reranked.reranker if reranked else "") or str(trace.settings.get("reranker", "")),
        pool=int(pool) if pool is not None else None,
        ranking=trace.seconds,
        stages=tuple(StageTime(s.name, s.seconds, s.fell_back) for s in trace.stages),
        first_token=answer.first_token_seconds if answer else None,
        answering=answer.seconds if answer else None,
        generator=answer.generator if answer else "",
        refused=answer.refused if answer else None,
        error=answer.error if answer else "",
        fell_back="; ".join(_why(stage) for stage in trace.stages if stage.fell_back),
        pairs=_sum(details, "pairs"),
        cache_hits=_sum(details, "cache_hits"),
        tokens=sum(
            _sum(details, name) for name in ("tokens", "prompt_tokens", "completion_tokens")
        ),
        cost=spent(details),
        turn=turn,
        collection=collection,
    )


def _why(stage: Stage) -> str:
    return f"{stage.name}: {stage.note}" if stage.note else stage.name


def _sum(details: Iterable[Any], name: str) -> int:
    found: Iterable[Scalar] = (one.get(name) for one in details)
    return sum(int(value) for value in found if isinstance(value, int | float))
