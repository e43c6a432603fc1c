"""The figures of questions for Prometheus, without a word of any question.

Counters and histograms count this process's questions, as Prometheus wants them: they only rise,
and begin anew with the process. Gauges show the question log, which outlives it.
"""

from __future__ import annotations

import math
from functools import partial

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.process_collector import ProcessCollector

from rag.settings import Settings
from rag.watch.entry import LogEntry
from rag.watch.figures import LogFigures, alerts, watched

BUCKETS = (.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60)  # fmt: skip
REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)

_counter = partial(Counter, registry=REGISTRY)
_histogram = partial(Histogram, buckets=BUCKETS, registry=REGISTRY)
_gauge = partial(Gauge, registry=REGISTRY)

_questions = _counter("ranklens_questions", "Questions asked", ["origin", "reranker"])
_stages = _histogram("ranklens_stage_seconds", "Time of a stage", ["stage"])
_ranking = _histogram("ranklens_ranking_seconds", "Time of a whole ranking")
_first = _histogram(
    "ranklens_first_token_seconds", "Time from a question to the first words of its answer"
)
_fallbacks = _counter(
    "ranklens_fallbacks", "Stages that passed the order before them on", ["stage"]
)
_answers = _counter("ranklens_answers", "Answers: written, refused, failed", ["outcome"])
_pairs = _counter("ranklens_rerank_pairs", "Passages that were reranked")
_hits = _counter("ranklens_rerank_cache_hits", "Passages whose score was in the cache")
_tokens = _counter("ranklens_tokens", "Tokens that models read and wrote")
_cost = _counter("ranklens_cost_usd", "What was spent, by providers' prices")

_logged = _gauge("ranklens_logged_questions", "Questions of the last week in the log")
_recent = _gauge("ranklens_recent_questions", "Logged questions of the last hour")
_times = _gauge("ranklens_recent_seconds", "Percentiles of the last hour", ["what", "quantile"])
_rates = _gauge("ranklens_recent_rate", "Rates of the last hour", ["what"])
_gain = _gauge(
    "ranklens_rerank_gain",
    "Mean nDCG@10 after minus before reranking, of a week's judged questions",
)
_alerts = _gauge("ranklens_alert", "1 if the last hour is beyond a threshold", ["option"])


def observe(entry: LogEntry) -> None:
    """Count one question."""
    _questions.labels(entry.origin, entry.reranker).inc()
    _ranking.observe(entry.ranking)
    for stage in entry.stages:
        _stages.labels(stage.name).observe(stage.seconds)
        if stage.fell_back:
            _fallbacks.labels(stage.name).inc()
    if entry.to_first_token is not None:
        _first.observe(entry.to_first_token)
    if entry.answering is not None:
        _stages.labels("answer").observe(entry.answering)
        outcome = "failed" if entry.error else "refused" if entry.refused else "written"
        _answers.labels(outcome).inc()
    _pairs.inc(entry.pairs)
    _hits.inc(entry.cache_hits)
    _tokens.inc(entry.tokens)
    _cost.inc(entry.cost or 0.0)


def render() -> bytes:
    """Return all figures in Prometheus' text format."""
    return generate_latest(REGISTRY)


def show(week: LogFigures, hour: LogFigures, settings: Settings) -> None:
    """Set the gauges to the log's figures of the last week and the last hour."""
    _logged.set(week.questions)
    _gain.set(math.nan if week.gain is None else week.gain)
    _recent.set(hour.questions)
    _times.clear()
    for name, p in hour.times.items():
        for quantile, seconds in (("0.5", p.p50), ("0.95", p.p95), ("0.99", p.p99)):
            _times.labels(name, quantile).set(seconds)
    for name, rate in hour.rates.items():
        _rates.labels(name).set(math.nan if rate.share is None else rate.share)
    beyond = {alert.option for alert in alerts(hour, settings)}
    for option in watched(hour):
        _alerts.labels(option).set(option in beyond)
