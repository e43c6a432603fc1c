"""Questions are recorded once, and page and Prometheus show the same figures of them."""

import math
import time
from dataclasses import replace

import pytest

from rag.watch import spans
from rag.watch.conventions import Words
from ranklens import monitoring
from tests.rag.watch.made import entry, trace_of
from tests.rag.watch.test_prometheus import read
from tests.ranklens.bridges import QUESTION
from tests.servers.otlp_server import OtlpServer, attributes
from tests.ui.fakes import FakeLibrary


@pytest.fixture
def library():
    return FakeLibrary()


def test_a_question_is_logged_unless_the_settings_are_against_it(library):
    library.settings = library.settings.updated(log_questions=False)
    monitoring.record(library, trace_of(), "page")
    assert library.question_log.entries() == []
    library.settings = library.settings.updated(log_questions=True)
    monitoring.record(library, trace_of(), "page")
    assert len(library.question_log.entries()) == 1


def test_a_recorded_question_moves_the_metrics(library):
    before = read(monitoring.metrics(None)).get(("ranklens_ranking_seconds_count",), 0)
    monitoring.record(library, trace_of(), "page")
    assert read(monitoring.metrics(None))["ranklens_ranking_seconds_count",] == before + 1


def test_a_log_that_cannot_be_written_breaks_nothing(library, caplog):
    library.index.catalogue.engine.dispose()
    with library.index.catalogue.engine.begin() as db:
        _ = library.question_log
        db.exec_driver_sql("DROP TABLE question_log")
    monitoring.record(library, trace_of(), "page")
    assert "could not be written" in caplog.text


def test_gauges_show_the_log_and_no_word_of_it(library, monkeypatch):
    monkeypatch.setattr("rag.watch.figures.ALERT_FROM", 2)
    now = time.time()
    for age in (60, 120, 7200):
        words = "a secret question"
        library.question_log.add(replace(entry(), asked=now - age, question=words, ranking=0.3))
    library.settings = library.settings.updated(alert_p95_ms=100)
    text = monitoring.metrics(library)
    found = read(text)
    assert found["ranklens_logged_questions",] == 3
    assert found["ranklens_recent_questions",] == 2
    assert found["ranklens_recent_seconds", "0.95", "ranking"] == 0.3
    assert found["ranklens_recent_rate", "fallback"] == 0
    assert math.isnan(found["ranklens_recent_rate", "dislike"])
    assert math.isnan(found["ranklens_rerank_gain",])
    assert found["ranklens_alert", "alert_p95_ms"] == 1
    assert found["ranklens_alert", "alert_refusal_rate"] == 0
    assert b"secret" not in text


def test_a_window_ends_where_it_should_and_is_an_hour_long_at_least(library):
    now = time.time()
    for age in (30, 5000, 90_000):
        library.question_log.add(replace(entry(), asked=now - age))
    hour, day, everything = (
        monitoring.of_window(library, window, now) for window in (3600.0, 86_400.0, None)
    )
    assert [one.questions for one in (hour, day, everything)] == [1, 2, 3]
    assert (hour.start, hour.end) == (now - 3600, now)
    assert everything.start == pytest.approx(now - 90_000)
    library.question_log.forget()
    empty = monitoring.of_window(library, None, now)
    assert (empty.questions, empty.end - empty.start) == (0, 3600)


def test_a_receiver_gets_the_spans_of_a_question(bridge_library, monkeypatch):
    spans._provider.cache_clear()
    with OtlpServer() as receiver:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
        trace = bridge_library.ask(QUESTION)
        monitoring.close()
    spans._provider.cache_clear()
    found = receiver.spans()
    assert set(found) == {stage.name for stage in trace.stages} | {
        "question",
        "retrieval",
        "answer",
    }
    assert found["retrieval"].parent_span_id == found["question"].span_id
    assert found["dense"].parent_span_id == found["retrieval"].span_id
    reranked = attributes(found["reranked"])
    assert reranked["openinference.span.kind"] == "RERANKER"
    for side, stage in (("input", "fused"), ("output", "reranked")):
        ids = [reranked[f"reranker.{side}_documents.{i}.document.id"] for i in range(50)]
        assert ids == [hit.chunk.id for hit in trace.stage(stage).hits[:50]]
    assert "Brook" not in receiver.text()
    assert "bridges.md" not in receiver.text()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({}, Words(False, False)),
        ({"otel_questions": True}, Words(True, False)),
        ({"otel_content": True}, Words(True, True)),
    ],
)
def test_the_options_choose_which_words_leave(library, options, words, monkeypatch):
    sent = []
    monkeypatch.setattr(spans, "send", lambda trace, entry, words: sent.append(words))
    library.settings = library.settings.updated(log_questions=False, **options)
    monitoring.record(library, trace_of(), "python")
    assert sent == [words]
