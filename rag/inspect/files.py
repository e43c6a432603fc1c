"""A trace out of a file that somebody hands in: every part is checked before it is used."""

from __future__ import annotations

import math
from collections.abc import Iterator

from rag import trace as traces
from rag.errors import RanklensError
from rag.retrieve.filters import Filter
from rag.types import Trace

WHAT_TO_DO = "save one with Trace on the Ask page, or with `ranklens ask … --json`"


def opened(name: str, data: bytes) -> Trace:
    """Return the trace in a file; raises `RanklensError` with the file's name and what is wrong."""
    try:
        trace = traces.from_json(data.decode("utf-8-sig"))
        wrong = next(_wrong(trace), "")
    except (UnicodeDecodeError, RecursionError):
        wrong = "it is no JSON text"
    except RanklensError as error:
        wrong = str(error)
    if wrong:
        raise RanklensError(f"{name} cannot be opened: {wrong}; {WHAT_TO_DO}")
    return trace


def _wrong(trace: Trace) -> Iterator[str]:
    """Yield what types alone do not show to be wrong."""
    if not isinstance(trace.settings.get("top"), int):
        yield "its setting top is no number"
    if not isinstance(trace.threshold, int | float | None):
        yield "its setting threshold is no number"
    try:
        within = Filter.from_setting(trace.settings.get("within"))
        words = (*within.names, *within.types, trace.settings.get("collection", ""))
        good = all(isinstance(word, str) for word in words)
    except (KeyError, TypeError, ValueError):
        good = False
    if not good:
        yield "its setting within is no filter"
    if not trace.stages:
        yield "it has no stages"
    for stage in trace.stages:
        for at, hit in enumerate(stage.hits, 1):
            if hit.rank != at or not math.isfinite(hit.score):
                yield f"the stage {stage.name} has a damaged passage at rank {at}"
