"""OpenTelemetry spans: one a question, one a stage within it; an optional extra.

Switched on by the standard variable ``OTEL_EXPORTER_OTLP_ENDPOINT``. The spans are made after the
answer from the times of its trace, laid out as `rag.journey.timeline` does, and sent by a thread
of the exporter's: a collector that is away costs an answer nothing, and the end of the process at
most a few seconds. Names and attributes are figures; words only if ``otel_questions`` is set.
"""

from __future__ import annotations

import atexit
import logging
import os
from collections.abc import Mapping
from functools import cache
from typing import TYPE_CHECKING

from rag.journey import timeline
from rag.types import Scalar, Trace
from rag.watch.entry import LogEntry

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SpanExporter

log = logging.getLogger(__name__)

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
SECONDS = 2.0  # longest wait for a collector, retries included; at the end somebody waits for it
_NS = 1_000_000_000


def send(trace: Trace, entry: LogEntry, with_words: bool = False) -> None:
    """Hand a question's spans to the exporter's thread; nothing happens if none listens."""
    if any(os.environ.get(name) for name in ENDPOINTS) and (provider := _provider()) is not None:
        emit(provider, trace, entry, with_words)


def emit(provider: TracerProvider, trace: Trace, entry: LogEntry, with_words: bool = False) -> None:
    """Make the spans of one question: ``question`` and below it one a stage, named as it is."""
    from opentelemetry.trace import set_span_in_context
    from opentelemetry.trace.status import Status, StatusCode

    tracer = provider.get_tracer("ranklens")
    begun = round(entry.asked * _NS)
    root = tracer.start_span("question", start_time=begun, attributes=_about(entry, with_words))
    if entry.error:
        root.set_status(Status(StatusCode.ERROR, entry.error if with_words else None))
    within, end = set_span_in_context(root), begun
    for span in timeline(trace):
        start = begun + round(span.start * _NS)
        stage = trace.stage(span.name)
        details = stage.details if stage else trace.answer.details if trace.answer else {}
        child = tracer.start_span(
            span.name,
            within,
            start_time=start,
            attributes={"ranklens.fell_back": span.fell_back, **_figures(details)},
        )
        child.end(start + round(span.seconds * _NS))
        end = max(end, start + round(span.seconds * _NS))
    root.end(end)


def provider_for(exporter: SpanExporter) -> TracerProvider:
    """Return a provider of our own that sends in batches; the process's global one is not ours."""
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    name = os.environ.get("OTEL_SERVICE_NAME", "ranklens")
    provider = TracerProvider(
        resource=Resource.create({"service.name": name}), shutdown_on_exit=False
    )
    provider.add_span_processor(BatchSpanProcessor(exporter))
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


def _about(entry: LogEntry, with_words: bool) -> dict[str, str | int | float | bool]:
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
        "question": entry.question if with_words else None,
    }
    return {f"ranklens.{name}": value for name, value in found.items() if value is not None}


def _figures(details: Mapping[str, Scalar]) -> dict[str, int | float | bool]:
    """Return what is a number: a reranker of others may report texts."""
    return {
        f"ranklens.{name}": value
        for name, value in details.items()
        if isinstance(value, int | float)
    }
