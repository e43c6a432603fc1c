"""OpenTelemetry spans: one a question, one a stage within it; an optional extra.

Switched on by the standard variable ``OTEL_EXPORTER_OTLP_ENDPOINT``. The spans are made after the
answer from the times of its trace, laid out as `rag.journey.timeline` does, and sent by a thread
of the exporter's: a collector that is away costs an answer nothing, and the end of the process at
most a few seconds. Attributes are figures and ids; words only if ``otel_questions`` or
``otel_content`` is set (`rag.watch.conventions`).
"""

from __future__ import annotations

import atexit
import logging
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import takewhile
from typing import TYPE_CHECKING

from rag.journey import Span, timeline
from rag.types import Scalar, Stage, StageName, Trace
from rag.watch import conventions
from rag.watch.conventions import Attributes, Words
from rag.watch.entry import LogEntry

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

log = logging.getLogger(__name__)

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
SECONDS = 2.0  # longest wait for a collector, retries included; at the end somebody waits for it
_NS = 1_000_000_000
NO_WORDS = Words()


@dataclass(frozen=True, slots=True)
class SpanPlan:
    """A span as it will be sent: its times in seconds since the question was asked.

    ``within`` is the name of the span above it; ``call`` marks a call of a model or a retriever,
    ``failed`` is the reason in words, empty if they stay here, or None if it did not fail.
    """

    name: str
    start: float
    seconds: float
    attributes: Attributes
    within: str = "question"
    call: bool = False
    failed: str | None = None


def send(trace: Trace, entry: LogEntry, words: Words = NO_WORDS) -> None:
    """Hand a question's spans to the exporter's thread; nothing happens if none listens."""
    if any(os.environ.get(name) for name in ENDPOINTS) and (provider := _provider()) is not None:
        emit(provider, trace, entry, words)


def emit(provider: TracerProvider, trace: Trace, entry: LogEntry, words: Words = NO_WORDS) -> None:
    """Make the spans of one question, as `plans` lays them out."""
    from opentelemetry.trace import SpanKind, set_span_in_context
    from opentelemetry.trace.status import Status, StatusCode

    tracer = provider.get_tracer("ranklens")
    contexts: dict[str, Context] = {}
    for plan in plans(trace, entry, words):
        span = tracer.start_span(
            plan.name,
            contexts.get(plan.within),
            SpanKind.CLIENT if plan.call else SpanKind.INTERNAL,
            start_time=round((entry.asked + plan.start) * _NS),
            attributes=plan.attributes,
        )
        if plan.failed is not None:
            span.set_status(Status(StatusCode.ERROR, plan.failed or None))
        contexts[plan.name] = set_span_in_context(span)
        span.end(round((entry.asked + plan.start + plan.seconds) * _NS))


def plans(trace: Trace, entry: LogEntry, words: Words) -> Iterator[SpanPlan]:
    """Yield the spans of one question, each after the one above it.

    ``question`` is the root. Below it are ``retrieval`` with the stages that make the pool below
    it, the later stages by their names, and ``answer``.
    """
    laid = timeline(trace)
    about = _about(entry, words) | conventions.question(trace, words)
    failed = (entry.error if words.question else "") if entry.error else None
    yield SpanPlan("question", 0.0, _end(laid), about, within="", failed=failed)
    first = [*takewhile(lambda stage: stage.name != StageName.RERANKED, trace.stages)]
    names = {stage.name for stage in first}
    if first:
        times = [span for span in laid if span.name in names]
        start, found = times[0].start, conventions.retrieval(trace, first[-1], words)
        yield SpanPlan("retrieval", start, _end(times) - start, found, call=True)
    given = dict(zip((s.name for s in trace.stages[1:]), trace.stages, strict=False))
    for span in laid:
        found = {"ranklens.fell_back": span.fell_back} | _of_step(trace, span.name, given, words)
        within = "retrieval" if span.name in names else "question"
        call, why = "llm.model_name" in found, failed if span.name == "answer" else None
        yield SpanPlan(span.name, span.start, span.seconds, found, within, call, why)


def _of_step(trace: Trace, name: str, given: Mapping[str, Stage], words: Words) -> Attributes:
    """Return the attributes of a stage, which was ``given`` another one's hits, or of the rest."""
    if stage := trace.stage(name):
        before = given[name].hits if name in given else ()
        return _figures(stage.details) | conventions.stage(trace, stage, before, words)
    if name == "answer" and (answer := trace.answer):
        return _figures(answer.details) | conventions.answer(trace, answer, words)
    return conventions.step()


def _end(laid: Iterable[Span]) -> float:
    return max((span.start + span.seconds for span in laid), default=0.0)


def provider_for(exporter: SpanExporter) -> TracerProvider:
    """Return a provider of our own that sends in batches; the process's global one is not ours."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import SpanLimits, TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    name = os.environ.get("OTEL_SERVICE_NAME", "ranklens")
    provider = TracerProvider(
        resource=Resource.create({"service.name": name}),
        shutdown_on_exit=False,
        # Two rankings of a hundred passages with four attributes each; the default is 128.
        span_limits=SpanLimits(max_span_attributes=1000),
    )
    # A question that lists its passages has up to a few hundred kB, and a collector takes some MB
    # at once: little waits for long. At the end the queue is at most two batches.
    batches = BatchSpanProcessor(
        exporter, max_queue_size=512, max_export_batch_size=256, schedule_delay_millis=1000
    )
    provider.add_span_processor(batches)
    return provider


def close() -> None:
    """Send what waits, for a few seconds at most; what comes later is dropped."""
    if _provider.cache_info().currsize and (provider := _provider()) is not None:
        provider.shutdown()


@cache
def _provider() -> TracerProvider | None:
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError:
        log.warning(
            "%s is set, but what sends spans is not installed; `pip install 'ranklens[otel]'`",
            next(name for name in ENDPOINTS if os.environ.get(name)),
        )
        return None
    provider = provider_for(OTLPSpanExporter(timeout=SECONDS))
    atexit.register(close)
    return provider


def _about(entry: LogEntry, words: Words) -> Attributes:
    found = {
        "origin": entry.origin,
        "settings_digest": entry.digest,
        "reranker": entry.reranker,
        "pool": entry.pool,
        "generator": entry.generator or None,
        "refused": entry.refused,
        "failed": bool(entry.error),
        "fell_back": bool(entry.fell_back),
        "first_token_seconds": entry.to_first_token,
        "pairs": entry.pairs,
        "cache_hits": entry.cache_hits,
        "tokens": entry.tokens,
        "cost_usd": entry.cost,
        "question": entry.question if words.question else None,
    }
    return {f"ranklens.{name}": value for name, value in found.items() if value is not None}


def _figures(details: Mapping[str, Scalar]) -> Attributes:
    """Return what is a number: a reranker of others may report texts."""
    return {
        f"ranklens.{name}": value
        for name, value in details.items()
        if isinstance(value, int | float)
    }
