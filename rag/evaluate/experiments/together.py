"""Search for many questions at once, where nobody wants to know how long each of them takes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.evaluate.experiments.side_by_side import Interrupted
from rag.pipeline import Pipeline
from rag.types import Trace

AT_ONCE = 16


def traces(
    pipeline: Pipeline,
    questions: Sequence[Question],
    told: Callable[[int], None] | None = None,
    stop: threading.Event | None = None,
    failures: dict[str, str] | None = None,
) -> dict[str, Trace]:
    """Return question's id → trace; ``told`` gets how many are done.

    A question that cannot be searched goes into ``failures`` by its id with the reason. Raises
    `Interrupted` where ``stop`` was set, and `RanklensError` as a search does where there is no
    ``failures``, or where no question can be searched.
    """
    found: dict[str, Trace] = {}
    for first in range(0, len(questions), AT_ONCE):
        if stop is not None and stop.is_set():
            raise Interrupted(f"stopped after {first} of {len(questions)} questions")
        some = questions[first : first + AT_ONCE]
        try:
            found |= _searched(pipeline, some)
        except RanklensError:
            if failures is None:
                raise
            found |= _one_by_one(pipeline, some, failures)
        if told:
            told(first + len(some))
    if failures and not found:
        raise RanklensError(next(iter(failures.values())))
    return found


def _searched(pipeline: Pipeline, some: Sequence[Question]) -> dict[str, Trace]:
    made = pipeline.search_many([question.text for question in some])
    return {question.id: trace for question, trace in zip(some, made, strict=True)}


def _one_by_one(
    pipeline: Pipeline, some: Sequence[Question], failures: dict[str, str]
) -> dict[str, Trace]:
    """Search what can be searched of questions of which one cannot."""
    found: dict[str, Trace] = {}
    for question in some:
        try:
            found |= _searched(pipeline, [question])
        except RanklensError as error:
            failures[question.id] = str(error)
    return found
