import subprocess
import sys
import time

import pytest

from rag.watch import spans
from rag.watch.entry import entry_of
from tests.rag.watch.made import NOW, trace_of

pytest.importorskip("opentelemetry.sdk", reason="the extra otel is not installed")


@pytest.fixture
def exported():
    """Return a function that sends a question's spans and returns what arrived, by name."""
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = spans.provider_for(exporter)

    def send(trace, **words):
        spans.emit(provider, trace, entry_of(trace, "page", NOW), **words)
        assert provider.force_flush()
        return {span.name: span for span in exporter.get_finished_spans()}

    yield send
    provider.shutdown()


def test_a_question_is_a_span_with_a_child_for_every_stage(exported):
    found = exported(trace_of())
    assert set(found) == {"question", "dense", "lexical", "fused", "reranked", "answer"}
    root = found["question"]
    assert root.parent is None
    assert {s.parent.span_id for n, s in found.items() if n != "question"} == {root.context.span_id}
    seconds = {name: (span.end_time - span.start_time) / 1e9 for name, span in found.items()}
    assert seconds == pytest.approx(
        {"dense": 0.01, "lexical": 0.004, "fused": 0.002, "reranked": 0.1, "answer": 0.5,
         "question": 0.612}, abs=1e-6)  # fmt: skip
    assert found["lexical"].start_time == found["dense"].start_time == root.start_time
    assert found["reranked"].start_time - root.start_time == pytest.approx(12e6, abs=1000)
    assert found["reranked"].attributes["ranklens.pairs"] == 4
    assert root.attributes["ranklens.reranker"] == "scripted"
    assert root.attributes["ranklens.cost_usd"] == 0.75


def test_words_are_sent_only_where_the_option_says_so(exported):
    trace = trace_of("a secret?", fell_back=True)
    found = exported(trace)
    told = str([(span.name, dict(span.attributes)) for span in found.values()])
    assert "secret" not in told
    assert "away" not in told
    assert found["reranked"].attributes["ranklens.fell_back"] is True
    assert exported(trace, with_words=True)["question"].attributes["ranklens.question"] == (
        "a secret?"
    )


@pytest.fixture
def fresh():
    """A process that has not yet looked for a collector."""
    made = spans._provider
    made.cache_clear()
    yield
    made.cache_clear()


def test_nothing_is_imported_without_a_collector(fresh, monkeypatch):
    for name in spans.ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(spans, "_provider", lambda: pytest.fail("looked for a collector"))
    trace = trace_of()
    spans.send(trace, entry_of(trace, "page", NOW))


def test_a_missing_extra_is_told_once_with_what_to_install(fresh, monkeypatch, caplog):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    trace = trace_of()
    for _ in range(2):
        spans.send(trace, entry_of(trace, "page", NOW))
    assert len(caplog.records) == 1
    assert "ranklens[otel]" in caplog.text


def test_a_dead_collector_delays_neither_an_answer_nor_the_end_for_long(tmp_path):
    pytest.importorskip("opentelemetry.exporter.otlp.proto.http")
    code = (
        "import time\n"
        "from rag.watch import spans\n"
        "from rag.watch.entry import entry_of\n"
        "from tests.rag.watch.made import trace_of\n"
        "trace = trace_of()\n"
        "spans.send(trace, entry_of(trace, 'page', time.time()))\n"
        "started = time.perf_counter()\n"
        "for _ in range(100):\n"
        "    spans.send(trace, entry_of(trace, 'page', time.time()))\n"
        "print((time.perf_counter() - started) / 100)\n"
    )
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9", "PATH": ""}
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    assert float(done.stdout) < 0.05
    assert time.monotonic() - started < 20
