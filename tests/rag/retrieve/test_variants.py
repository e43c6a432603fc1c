"""Expansion and the second hop on the pipeline, over an index that can be worked out by hand."""

import re
import time

import pytest

from rag import trace as traces
from rag.errors import LibraryError, SettingsError
from rag.pipeline import Pipeline
from rag.rerank import table
from rag.rerank.base import Entry
from rag.retrieve.feedback import moved, telling_words
from rag.settings import Settings
from rag.store.analyse import Analyser
from rag.store.catalogue import Catalogue
from rag.store.index import Index
from rag.store.inverted import InvertedIndex
from rag.types import ranked
from tests.fakes import OverlapReranker, WordEncoder, make_chunk
from tests.rag.store.vector_fakes import ExactStore
from tests.servers.chat_server import ChatServer

ENCODER = WordEncoder()
TEXTS = {
    "film": "the comet film was made by Anna Maria Lind with a big orchestra",
    "maker": "Anna Maria Lind is a painter from Bergen",
    "other": "a comet seen by the orchestra",
    "tide": "tide tables and nothing else",
    "ring": "the ring of a planet",
}


@pytest.fixture
def index(tmp_path):
    lexical = InvertedIndex.open(tmp_path / "lexical", Analyser("english"))
    made = Index(Catalogue(tmp_path / "catalogue.sqlite"), ExactStore(), lexical)
    document = made.catalogue.add_document("notes.txt", 10, "d")
    made.catalogue.update_document(document, status="indexing")
    chunks = [make_chunk(name, text, "notes.txt") for name, text in TEXTS.items()]
    made.add(document, 0, chunks, ENCODER.encode([c.passage for c in chunks]))
    made.publish(document, 0.0)
    yield made
    made.close()


@pytest.fixture
def pipeline(index, monkeypatch, tmp_path):
    overlap = Entry("overlap", "", lambda _context: OverlapReranker())
    monkeypatch.setitem(table.TABLE, "overlap", overlap)
    settings = Settings(reranker="overlap", cache=tmp_path, rerank_retries=0, expansion_seconds=5)
    made = Pipeline(index, ENCODER, settings)
    yield made
    made.close()


def ids(stage):
    return [h.chunk.id for h in stage.hits]


def names(trace):
    return [stage.name for stage in trace.stages]


def test_off_by_default(pipeline):
    assert names(pipeline.search("comet")) == ["dense", "lexical", "fused", "reranked"]


def test_feedback_searches_with_the_words_of_the_first_passages(pipeline):
    trace = pipeline.with_settings(
        expansion="feedback", feedback_passages=1, dense_weight=0
    ).search("comet film")
    assert names(trace) == ["dense", "lexical", "fused", "feedback", "expanded", "reranked"]
    assert "maker" not in ids(trace.stage("fused"))
    assert "maker" in ids(trace.stage("feedback"))
    assert "maker" in ids(trace.stage("reranked"))
    assert trace.stage("feedback").note.startswith("comet film comet film ")
    assert "Lind" in trace.stage("feedback").note
    assert trace.stage("expanded").note == "the question with feedback"


def test_telling_words_are_new_and_each_stem_comes_once(index):
    analyse = Analyser("english")
    texts = {c.id: c for chunks, _ in index.catalogue.live_chunks() for c in chunks}
    found = telling_words("comet film", ranked([(texts["film"], 1.0)]), index, analyse)
    assert {"Anna", "Maria", "Lind"} <= set(found[:8])
    assert not {"comet", "film"} & set(found)
    assert len({analyse(word)[0] for word in found}) == len(found)


def test_a_vector_moves_and_stays_of_length_one():
    one, other = ENCODER.encode(["mars", "moon"])
    made = moved(one, other, 1.0)
    assert made == pytest.approx((one + other) / 2**0.5)
    assert moved(one, -one, 1.0) == pytest.approx(one)


def model(url, **more):
    return {"llm_base_url": url, "llm_model": "fake", **more}


def test_what_a_model_writes_is_searched_for_and_judged_by_the_question(pipeline):
    def answer(system, _user):
        return "The tide rises." if "passage" in system.split(".")[0] else "ring of Saturn"

    with ChatServer(answer) as server:
        asked = pipeline.with_settings(
            expansion="llm-synonyms,llm-specific,llm-general,hyde", **model(server.url)
        )
        trace = asked.with_settings(dense_weight=0).search("comet film")
    assert names(trace)[3:] == [
        "llm-synonyms",
        "llm-specific",
        "llm-general",
        "hyde",
        "expanded",
        "reranked",
    ]
    assert ids(trace.stage("llm-synonyms")) == ["ring"]
    assert "tide" in ids(trace.stage("hyde"))
    assert trace.stage("hyde").note == "comet film The tide rises."
    assert trace.stage("llm-general").details["prompt_tokens"] == 12
    assert ids(trace.stage("reranked"))[0] == "film"
    assert {user for _, user in server.asked} == {"comet film"}
    assert traces.from_json(traces.to_json(trace)) == trace


@pytest.mark.parametrize(
    ("said", "reason"),
    [("", "empty answer"), (500, "500"), (401, "401|key"), (30.0, "expansion_seconds|within|time")],
)
def test_a_model_that_fails_leaves_the_question_alone(pipeline, said, reason):
    started = time.monotonic()
    with ChatServer(lambda *_: said) as server:
        asked = pipeline.with_settings(
            expansion="llm-general", **model(server.url, expansion_seconds=1)
        )
        trace = asked.search("comet film")
    assert time.monotonic() - started < 5
    variant, expanded = trace.stage("llm-general"), trace.stage("expanded")
    assert variant.fell_back
    assert variant.hits == ()
    assert expanded.fell_back
    assert expanded.hits == trace.stage("fused").hits
    assert re.search(reason, variant.note)
    assert variant.note in expanded.note


def test_one_variant_that_fails_leaves_the_others(pipeline):
    with ChatServer(lambda system, _: "" if "general" in system else "ring") as server:
        asked = pipeline.with_settings(
            expansion="llm-general,llm-specific", **model(server.url), dense_weight=0
        )
        trace = asked.search("comet film")
    expanded = trace.stage("expanded")
    assert not expanded.fell_back
    assert "ring" in ids(expanded)
    assert expanded.note.startswith("the question with llm-specific; llm-general: ")


def test_without_a_model_the_reason_says_what_to_set(pipeline):
    trace = pipeline.with_settings(expansion="hyde").search("comet")
    assert "llm_model" in trace.stage("hyde").note


def test_an_unknown_variant_is_refused(pipeline):
    with pytest.raises(SettingsError, match="did you mean feedback"):
        pipeline.with_settings(expansion="feedbak").search("comet")


def test_the_second_hop_finds_what_the_first_passages_name(pipeline):
    asked = pipeline.with_settings(dense_weight=0, hops=2)
    trace = asked.search("who made the comet film")
    assert names(trace)[3:] == ["reranked", "follow-up", "follow-up-reranked", "second-hop"]
    assert "maker" not in ids(trace.stage("reranked"))
    assert "Anna Maria Lind" in trace.stage("follow-up").note
    assert "maker" in ids(trace.stage("follow-up"))
    last = trace.stages[-1]
    assert ids(last)[0] == ids(trace.stage("reranked"))[0]
    assert set(ids(trace.stage("reranked"))) < set(ids(last))
    assert trace.evidence == last.hits[:5]
    assert traces.from_json(traces.to_json(trace)) == trace


def test_no_decay_puts_nothing_before_the_first_hop(pipeline):
    trace = pipeline.with_settings(dense_weight=0, hops=2, hop_decay=0.0).search("comet film")
    first = ids(trace.stage("reranked"))
    assert [name for name in ids(trace.stages[-1]) if name in first] == first


def test_passages_that_name_nothing_new_change_nothing(pipeline):
    trace = pipeline.with_settings(dense_weight=0, hops=2).search("tide tables nothing else")
    assert ids(trace.stages[-1]) == ids(trace.stage("reranked"))
    assert "name nothing" in trace.stage("follow-up").note


def test_a_second_hop_without_its_index_keeps_the_first(pipeline, index, monkeypatch):
    asked = pipeline.with_settings(hops=2)
    search, calls = index.lexical.search, []

    def breaks(*given):
        calls.append(given)
        if len(calls) > 1:
            raise LibraryError("the index is away")
        return search(*given)

    monkeypatch.setattr(index.lexical, "search", breaks)
    trace = asked.search("comet film")
    assert trace.stage("follow-up").fell_back
    assert "the index is away" in trace.stage("follow-up").note
    assert ids(trace.stages[-1]) == ids(trace.stage("reranked"))


def test_both_together(pipeline):
    trace = pipeline.with_settings(expansion="feedback", hops=2).search("comet film")
    assert names(trace)[3:5] == ["feedback", "expanded"]
    assert names(trace)[-1] == "second-hop"
    for stage in trace.stages:
        assert [h.rank for h in stage.hits] == list(range(1, len(stage.hits) + 1))
