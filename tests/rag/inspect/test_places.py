"""Ranks beyond the pool, over an index whose every score can be worked out by hand."""

import pytest

from rag.errors import FilterError, RerankError, SettingsError
from rag.inspect import places
from rag.rerank import table
from rag.rerank.base import Entry
from rag.retrieve.filters import Filter
from rag.types import Stage, Trace, ranked
from tests.rag.rerank.fakes import Scripted

QUESTION = "mars moon"


def ranks(ranking):
    return [hit.chunk.id for hit in sorted(ranking.values(), key=lambda hit: hit.rank)]


def test_everything_is_ranked_beyond_the_pool(pipeline):
    found = places.everything(pipeline, QUESTION)
    assert ranks(found["dense"]) == ["m2", "m1", "m3", "t1", "s1", "p1"]
    scores = [found["dense"][name].score for name in ("m2", "m1", "m3", "t1", "s1")]
    assert scores == pytest.approx([1.0, 0.5**0.5, 0.5, 0.5, 0.0], abs=1e-6)
    assert sorted(found["lexical"]) == ["m1", "m2", "m3", "t1"]


@pytest.mark.parametrize("fusion", ["rrf", "weighted"])
def test_the_fused_place_is_the_one_that_a_deep_pool_gives(pipeline, fusion):
    pipeline = pipeline.with_settings(fusion=fusion, dense_weight=0.7)
    found = places.everything(pipeline, QUESTION)
    deep = pipeline.with_settings(pool=100).search(QUESTION).stage("fused")
    assert ranks(found["fused"]) == [hit.chunk.id for hit in deep.hits]
    for hit in deep.hits:
        assert found["fused"][hit.chunk.id].score == pytest.approx(hit.score, abs=1e-6)


def test_the_filter_and_documents_that_are_gone_are_left_out(pipeline, index):
    within = pipeline.within(Filter(names=("sea.txt",)))
    assert ranks(places.everything(within, QUESTION)["dense"]) == ["t1", "p1"]
    index.retire([d.id for d in index.catalogue.ready() if d.name == "sea.txt"])
    assert sorted(places.everything(pipeline, QUESTION)["dense"]) == ["m1", "m2", "m3", "s1"]
    with pytest.raises(FilterError, match=r"sea\.txt"):
        places.everything(within, QUESTION)


def test_nothing_of_the_vectors_is_kept_in_memory(pipeline, index):
    places.everything(pipeline, QUESTION)
    assert index.exact.bytes == 0


def test_a_place_is_the_trace_s_own_where_it_has_one(pipeline, chunks):
    trace = pipeline.search(QUESTION)
    found = places.everything(pipeline, QUESTION)
    first = {p.stage: p for p in places.places(trace, chunks["m2"], found)}
    assert all(place.recorded for place in first.values())
    # BM25 has m1 before it: half of the passages hold "moon", so only "mars" counts.
    assert {name: place.rank for name, place in first.items()} == {
        "dense": 1, "lexical": 2, "fused": 1, "reranked": 1
    }  # fmt: skip
    outside = {p.stage: p for p in places.places(trace, chunks["p1"], found)}
    dense = outside["dense"]
    assert (dense.rank, dense.of, dense.depth, dense.recorded) == (6, 6, 2, False)
    assert (outside["lexical"].rank, outside["lexical"].of) == (None, 4)
    assert outside["fused"].rank == 6
    assert (outside["reranked"].rank, outside["reranked"].score) == (None, None)


def test_a_stage_went_on_with_what_its_follower_took(chunks):
    three = ranked([(chunks[name], 1.0) for name in ("m1", "m2", "t1")])
    kept = {"dense": three, "fused": three, "reranked": three[:2]}
    stages = tuple(Stage(name, hits, 0.0) for name, hits in kept.items())
    trace = Trace(QUESTION, {"top": 1}, stages)
    at = places.places(trace, chunks["m1"], {})
    assert [(p.stage, p.depth) for p in at] == [("dense", 3), ("fused", 2), ("reranked", 1)]


def test_the_reranker_says_where_a_passage_would_have_come(pipeline, chunks):
    trace = pipeline.search(QUESTION)
    assert [h.chunk.id for h in trace.stage("reranked").hits] == ["m2", "m1"]
    found = places.everything(pipeline, QUESTION)
    place = places.beside_pool(pipeline, trace, chunks["t1"], found)
    # It shares one word, as m1 does, and stands after it as ties do.
    assert (place.rank, place.of, place.score, place.recorded) == (3, 3, 1.0, False)


def test_a_reranker_that_fails_or_did_not_run_has_no_place_to_tell(pipeline, chunks, monkeypatch):
    trace = pipeline.search(QUESTION)
    found = places.everything(pipeline, QUESTION)
    broken = Entry("broken", "", lambda _context: Scripted(ValueError("no")))
    monkeypatch.setitem(table.TABLE, "broken", broken)
    failing = pipeline.with_settings(reranker="broken")
    with pytest.raises(RerankError, match="broken failed"):
        places.beside_pool(failing, trace, chunks["t1"], found)
    with pytest.raises(RerankError, match="did not rank in this trace"):
        places.beside_pool(pipeline, failing.search(QUESTION), chunks["t1"], found)


def test_a_trace_brings_its_ranking_settings_and_nothing_else(pipeline):
    settings = {"pool": 7, "fusion": "rrf", "llm_base_url": "http://elsewhere.example",
                "within": {"documents": ["sea.txt"], "types": [], "since": None}}  # fmt: skip
    made = places.pipeline_of(pipeline, Trace("q", settings, ()))
    assert (made.settings.pool, made.settings.fusion) == (7, "rrf")
    assert made.settings.llm_base_url == pipeline.settings.llm_base_url
    assert made.asked_within.names == ("sea.txt",)


def test_a_trace_opens_no_folder(pipeline):
    with pytest.raises(SettingsError, match="a model in a folder"):
        places.pipeline_of(pipeline, Trace("q", {"reranker": "cross-encoder:/etc"}, ()))


def test_what_the_filter_allows_can_be_told(pipeline, chunks):
    within = pipeline.within(Filter(names=("sea.txt",)))
    assert places.allowed(within, chunks["t1"])
    assert not places.allowed(within, chunks["m1"])
    assert places.allowed(pipeline, chunks["m1"])
