"""How far each judge has come with a question set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rag.evaluate.judgements.record import Judgement, Source, same_words


@dataclass(frozen=True, slots=True)
class JudgeProgress:
    """What one judge has judged: questions of the set, passages, and when last (since 1970)."""

    judge: str
    source: Source
    questions: int
    passages: int
    last: float


def progress(held: Sequence[Judgement], questions: Iterable[str]) -> list[JudgeProgress]:
    """Return what each judge has judged of these questions, the busiest judge first."""
    wanted = set(map(same_words, questions))
    judges: dict[tuple[str, Source], list[Judgement]] = {}
    for one in held:
        if one.question in wanted:
            judges.setdefault((one.judge, one.source), []).append(one)
    found = [
        JudgeProgress(
            judge, source, len({one.question for one in own}), len(own),
            max(one.time for one in own),
        )
        for (judge, source), own in judges.items()
    ]  # fmt: skip
    return sorted(found, key=lambda one: (-one.questions, -one.passages))
