"""Search for many questions at once, when nobody needs to know how long each of them takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.pipeline import Pipeline
from rag.types import Trace

AT_ONCE = 16


def search_all(
    pipeline: Pipeline,
    questions: Sequence[Question],
    on_done: Callable[[int], None],
    failures: dict[str, str],
) -> dict[str, Trace]:
    """Return question id → trace; ``on_done`` gets how many are done, and may raise to stop.

    A question that cannot be searched goes into ``failures`` by its id with the reason. Raises
    `RanklensError` as a search does if no question can be searched.
    """
    found: dict[str, Trace] = {}
    for first in range(0, len(questions), AT_ONCE):
        some = questions[first : first + AT_ONCE]
        found |= _searched(pipeline, some, failures)
        on_done(first + len(some))
    if failures and not found:
        raise RanklensError(next(iter(failures.values())))
    return found


def _searched(
    pipeline: Pipeline, some: Sequence[Question], failures: dict[str, str]
) -> dict[str, Trace]:
    try:
        traces = pipeline.search_many([question.text for question in some])
    except RanklensError as error:
        if len(some) > 1:  # which of them is it?
            alone = [_searched(pipeline, [question], failures) for question in some]
            return {name: trace for found in alone for name, trace in found.items()}
        failures[some[0].id] = str(error)
        return {}
    return {question.id: trace for question, trace in zip(some, traces, strict=True)}
