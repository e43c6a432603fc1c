"""A trace out of a file that somebody hands in: every part is looked at before it is used."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from rag import trace as traces
from rag.errors import RanklensError
from rag.retrieve.filters import Filter
from rag.types import Answer, Hit, Stage, Trace

WHAT_TO_DO = "save one with Trace on the page Ask, or with `ranklens ask … --json`"


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
    """Yield what is not of the kind that a trace must have."""
    if not isinstance(trace.question, str):
        yield "its question is no text"
    if not isinstance(trace.settings, Mapping):
        yield "its settings are no table of names and values"
    else:
        yield from _wrong_settings(trace.settings)
    if not trace.stages:
        yield "it has no stages"
    for stage in trace.stages:
        yield from _wrong_stage(stage)
    if trace.answer:
        yield from _wrong_answer(trace.answer)


def _wrong_settings(settings: Mapping[str, Any]) -> Iterator[str]:
    if not _whole(settings.get("top", 5)):
        yield "its setting top is no number"
    if not _number(settings.get("threshold") or 0.0):
        yield "its setting threshold is no number"
    try:
        asked = Filter.from_setting(settings.get("within"))
        good = all(isinstance(word, str) for word in (*asked.names, *asked.types))
    except (KeyError, TypeError, ValueError):
        good = False
    if not good:
        yield "its setting within is no filter"


def _wrong_stage(stage: Stage) -> Iterator[str]:
    facts = (stage.name, stage.note)
    if not all(isinstance(fact, str) for fact in facts) or not isinstance(stage.details, Mapping):
        yield "a stage's name, note or details are not of the right kind"
    if not _number(stage.seconds):
        yield f"the stage {stage.name} has no time"
    for at, hit in enumerate(stage.hits, 1):
        if hit.rank != at or not _number(hit.score) or not _chunk(hit):
            yield f"the stage {stage.name} has a damaged passage at rank {at}"


def _wrong_answer(answer: Answer) -> Iterator[str]:
    texts = (answer.text, answer.generator, answer.error)
    if not all(isinstance(text, str) for text in texts) or not _number(answer.seconds):
        yield "its answer is damaged"
    if not isinstance(answer.details, Mapping):
        yield "its answer's details are damaged"
    for one in answer.citations:
        places = (one.number, one.start, one.end)
        quote = (one.quote_start or 0, one.quote_end or 0)
        if not isinstance(one.chunk_id, str) or not all(map(_whole, (*places, *quote))):
            yield "a citation of its answer is damaged"


def _chunk(hit: Hit) -> bool:
    chunk = hit.chunk
    texts = (chunk.id, chunk.document, chunk.text, *chunk.heading)
    places = (chunk.start, chunk.end, chunk.page or 0)
    return all(isinstance(text, str) for text in texts) and all(map(_whole, places))


def _whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: object) -> bool:
    kind = isinstance(value, int | float) and not isinstance(value, bool)
    return kind and math.isfinite(value)  # type: ignore[arg-type]
