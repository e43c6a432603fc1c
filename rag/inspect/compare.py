"""Two traces side by side: settings that differ, passages that moved, times of the stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rag.journey import Movement, moves_between
from rag.types import Trace


@dataclass(frozen=True, slots=True)
class SettingDifference:
    """A setting that two traces do not share; `ABSENT` if one of them does not name it."""

    name: str
    first: Any
    second: Any


@dataclass(frozen=True, slots=True)
class StageTimes:
    """A stage's seconds in both traces, None if it did not run."""

    stage: str
    first: float | None
    second: float | None


ABSENT = "not given"


def differences(first: Trace, second: Trace) -> list[SettingDifference]:
    """Return the settings that differ, by name."""
    names = sorted({*first.settings, *second.settings})
    pairs = [(n, first.settings.get(n, ABSENT), second.settings.get(n, ABSENT)) for n in names]
    return [SettingDifference(*pair) for pair in pairs if pair[1] != pair[2]]


def moved(first: Trace, second: Trace) -> list[Movement]:
    """Return how each passage of the last stages moved from the first trace to the second.

    In the second one's order, then what only the first one ranks. ``was_in`` and ``is_in`` are
    about each trace's own evidence.
    """
    old, new = (trace.stages[-1].hits if trace.stages else () for trace in (first, second))
    return moves_between(old, new, first.evidence, second.evidence)


def times(first: Trace, second: Trace) -> list[StageTimes]:
    """Return every stage's seconds in both traces, the answer's and the whole last."""
    old, new = _seconds(first), _seconds(second)
    return [
        StageTimes(name, old.get(name), new.get(name)) for name in _merged(list(old), list(new))
    ]


def _seconds(trace: Trace) -> dict[str, float]:
    answer = {"answer": trace.answer.seconds} if trace.answer else {}
    whole = {"whole": trace.seconds + sum(answer.values())}
    return {stage.name: stage.seconds for stage in trace.stages} | answer | whole


def _merged(first: list[str], second: list[str]) -> list[str]:
    """Return all names in an order that suits both: what only one has stays before its next."""
    merged = list(first)
    for at, name in enumerate(second):
        if name not in merged:
            after = next((n for n in second[at + 1 :] if n in merged), None)
            merged.insert(merged.index(after) if after else len(merged), name)
    return merged
