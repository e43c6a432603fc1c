"""Search for many questions at once, where nobody wants to know how long each of them takes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from rag.evaluate.data import Question
from rag.evaluate.side_by_side import Interrupted
from rag.pipeline import Pipeline
from rag.types import Trace

AT_ONCE = 16


def traces(
    pipeline: Pipeline,
    questions: Sequence[Question],
    told: Callable[[int], None] | None = None,
    stop: threading.Event | None = None,
) -> dict[str, Trace]:
    """Return question's id → trace; ``told`` gets how many are done.

    Raises `Interrupted` where ``stop`` was set, and `RanklensError` as a search does.
    """
    found: dict[str, Trace] = {}
    for first in range(0, len(questions), AT_ONCE):
        if stop is not None and stop.is_set():
            raise Interrupted(f"stopped after {len(found)} of {len(questions)} questions")
        some = questions[first : first + AT_ONCE]
        made = pipeline.search_many([question.text for question in some])
        found |= {question.id: trace for question, trace in zip(some, made, strict=True)}
        if told:
            told(len(found))
    return found
