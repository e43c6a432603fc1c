import json
import re
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from rag.types import Chunk, Stage, ranked
from rag.watch import spans
from rag.watch.conventions import Words
from rag.watch.entry import entry_of
from tests.rag.watch.made import NOW, trace_of

pytest.importorskip("opentelemetry.sdk", reason="the extra otel is not installed")


@pytest.fixture
def exported():
    """Return a function that sends a question's spans and returns what arrived, by name."""
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter = InMemorySpanExporter()
    provider = spans.provider_for(exporter)

    def send(trace, *words):
        spans.emit(provider, trace, entry_of(trace, "page", NOW), *words)
        assert provider.force_flush()
        return {span.name: span for span in exporter.get_finished_spans()}

    yield send
    provider.shutdown()


def test_a_question_is_a_span_with_a_child_for_every_stage(exported):
    found = exported(trace_of())
    root, retrieval = found["question"], found["retrieval"]
    assert root.parent is None
    assert {name: span.parent.span_id for name, span in found.items() if span.parent} == {
        "retrieval": root.context.span_id,
        "dense": retrieval.context.span_id,
        "lexical": retrieval.context.span_id,
        "fused": retrieval.context.span_id,
        "reranked": root.context.span_id,
        "answer": root.context.span_id,
    }
    seconds = {name: (span.end_time - span.start_time) / 1e9 for name, span in found.items()}
    assert seconds == pytest.approx(
        {"dense": 0.01, "lexical": 0.004, "fused": 0.002, "reranked": 0.1, "answer": 0.5,
         "question": 0.612, "retrieval": 0.012}, abs=1e-6)  # fmt: skip
    assert found["lexical"].start_time == found["dense"].start_time == root.start_time
    assert found["reranked"].start_time - root.start_time == pytest.approx(12e6, abs=1000)
    assert found["reranked"].attributes["ranklens.pairs"] == 4
    assert root.attributes["ranklens.reranker"] == "scripted"
    assert root.attributes["ranklens.cost_usd"] == 0.75


def test_words_are_sent_only_where_the_option_says_so(exported):
    trace = trace_of("a secret?", fell_back=True)
    found = exported(trace)
    sent = str([(span.name, dict(span.attributes)) for span in found.values()])
    for word in ("secret", "away", "text", "moon.md", "It is"):
        assert word not in sent
    assert found["reranked"].attributes["ranklens.fell_back"] is True
    assert exported(trace, Words(question=True))["question"].attributes["ranklens.question"] == (
        "a secret?"
    )


def by_model(**answer):
    """A trace whose answer a language model wrote."""
    trace = trace_of("is it red?")
    settings = {**trace.settings, "llm_model": "llama", "llm_provider": "openai"}
    answer = replace(trace.answer, generator="llama", prompt="Rules\n[1] texta", **answer)
    return replace(trace, settings=settings, answer=answer)


def ids(span, prefix):
    """The documents of a span, in order."""
    found = span.attributes
    count = sum(name.startswith(prefix) and name.endswith(".id") for name in found)
    return [found[f"{prefix}.{i}.document.id"][0] for i in range(count)]


def test_every_span_has_its_kind_and_the_passages_that_went_in_and_out(exported):
    found = exported(by_model())
    kinds = {n: s.attributes["openinference.span.kind"] for n, s in found.items()}
    assert kinds == {
        "question": "CHAIN",
        "retrieval": "RETRIEVER",
        "dense": "RETRIEVER",
        "lexical": "RETRIEVER",
        "fused": "CHAIN",
        "reranked": "RERANKER",
        "answer": "LLM",
    }
    assert ids(found["retrieval"], "retrieval.documents") == ["a", "b", "c", "d"]
    reranked = found["reranked"]
    assert ids(reranked, "reranker.input_documents") == ["a", "b", "c", "d"]
    assert ids(reranked, "reranker.output_documents") == ["b", "a", "c", "d"]
    assert reranked.attributes["reranker.model_name"] == "scripted"
    assert reranked.attributes["reranker.top_k"] == 4
    assert reranked.attributes["reranker.output_documents.0.document.score"] == 1.0


def test_the_retrieval_and_the_model_follow_the_genai_conventions(exported):
    found = exported(by_model())
    retrieval, answer = found["retrieval"].attributes, found["answer"].attributes
    assert retrieval["gen_ai.operation.name"] == "retrieval"
    assert retrieval["gen_ai.retrieval.top_k"] == 50
    documents = json.loads(retrieval["gen_ai.retrieval.documents"])
    assert [set(one) for one in documents] == [{"id", "score"}] * 4
    assert found["retrieval"].kind.name == found["answer"].kind.name == "CLIENT"
    wanted = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "llama",
        "gen_ai.usage.input_tokens": 100,
        "gen_ai.usage.output_tokens": 7,
        "gen_ai.response.time_to_first_chunk": 0.2,
        "llm.model_name": "llama",
        "llm.token_count.prompt": 100,
        "llm.token_count.completion": 7,
        "llm.token_count.total": 107,
        "llm.cost.total": 0.5,
    }
    assert wanted.items() <= dict(answer).items()


def test_content_is_sent_in_both_vocabularies_if_the_option_allows_it(exported):
    found = exported(by_model(), Words(question=True, content=True))
    retrieval, answer = found["retrieval"].attributes, found["answer"].attributes
    assert retrieval["input.value"] == retrieval["gen_ai.retrieval.query.text"] == "is it red?"
    assert retrieval["retrieval.documents.0.document.content"] == "texta"
    assert json.loads(retrieval["retrieval.documents.0.document.metadata"]) == {
        "document": "moon.md", "page": None, "rank": 1,
    }  # fmt: skip
    assert json.loads(retrieval["gen_ai.retrieval.documents"])[0]["content"] == "texta"
    assert found["question"].attributes["output.value"] == answer["output.value"] == "It is [1]."
    assert answer["llm.input_messages.0.message.content"] == "Rules\n[1] texta"
    (message,) = json.loads(answer["gen_ai.output.messages"])
    assert message["parts"] == [{"type": "text", "content": "It is [1]."}]
    assert message["finish_reason"] == "stop"


def test_an_answer_that_quotes_is_no_call_of_a_model(exported):
    answer = exported(trace_of())["answer"].attributes
    assert answer["openinference.span.kind"] == "CHAIN"
    assert "gen_ai.request.model" not in answer


def test_an_answer_that_failed_is_an_error_whose_reason_is_content(exported):
    found = exported(by_model(error="the server is away"))["answer"]
    assert found.status.status_code.name == "ERROR"
    assert not found.status.description
    assert found.attributes["error.type"] == "_OTHER"


def test_a_hundred_passages_arrive_whole_and_long_texts_are_cut(exported):
    chunks = [Chunk(f"{i:032}", "long.md", 0, 9_000, "x" * 9_000) for i in range(150)]
    hits = ranked((chunk, -float(i)) for i, chunk in enumerate(chunks))
    stages = (Stage("fused", hits, 0.1), Stage("reranked", hits, 0.1, reranker="r"))
    found = exported(replace(trace_of(), stages=stages), Words(True, True))["reranked"].attributes
    for side in ("input", "output"):
        assert f"reranker.{side}_documents.99.document.content" in found
        assert f"reranker.{side}_documents.100.document.id" not in found
    assert len(found["reranker.output_documents.0.document.content"]) == 4_000


def test_the_names_are_those_of_openinference(exported):
    from openinference.semconv import trace as openinference

    classes = (
        openinference.SpanAttributes,
        openinference.DocumentAttributes,
        openinference.MessageAttributes,
        openinference.RerankerAttributes,
    )
    known = {name for one in classes for name in vars(one).values() if isinstance(name, str)}
    found = exported(by_model(), Words(True, True))
    sent = {name for span in found.values() for name in span.attributes}
    own = ("ranklens.", "gen_ai.", "error.")
    parts = {p for name in sent if not name.startswith(own) for p in re.split(r"\.\d+\.", name)}
    assert parts <= known
    assert "reranker.input_documents" in parts


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
