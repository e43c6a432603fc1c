"""What can be worked out behind a question, over a small index."""

import pytest

from rag.errors import RanklensError
from ranklens import inspecting
from ranklens.inspecting import Inspection
from tests.ui.fakes import ALL, FakeLibrary
from tests.ui.indexed import QUESTION, indexed


@pytest.fixture
def library(tmp_path, monkeypatch):
    with indexed(FakeLibrary(), tmp_path, monkeypatch) as library:
        yield library


@pytest.fixture
def trace(library):
    return library.pipeline.search(QUESTION)


def outside(trace):
    held = {hit.chunk.id for stage in trace.stages for hit in stage.hits}
    return next(chunk for chunk in ALL if chunk.id not in held)


def test_a_passage_of_the_answer_was_removed_nowhere(library, trace):
    way = Inspection(library, trace).way(trace.evidence[0].chunk)
    assert way.removed_at == frozenset()
    assert all(place.recorded for place in way.places)


def test_a_passage_that_no_retriever_returned_was_removed_by_both(library, trace):
    way = Inspection(library, trace).way(outside(trace))
    assert way.removal.where == "retrieval"
    assert way.removed_at == {"dense", "lexical"}


def test_a_passage_below_the_top_was_removed_by_the_last_stage(library, trace):
    last = trace.stages[-1]
    way = Inspection(library, trace).way(last.hits[-1].chunk)
    assert way.removed_at == {last.name}


def test_the_reranker_is_asked_once_about_a_passage(library, trace):
    inspection = Inspection(library, trace)
    chunk = outside(trace)
    assert inspection.beside_pool(chunk) is inspection.beside_pool(chunk)
    assert inspection.beside_pool(chunk).stage == "reranked"
    assert inspection.can_score
    assert not inspection.remote


def test_a_passage_that_is_gone_has_no_terms(library, trace):
    chunk = trace.evidence[0].chunk
    assert Inspection(library, trace).terms(chunk).terms
    ready = library.index.catalogue.ready()
    before = inspecting.stamp(library, trace)
    library.index.retire([d.id for d in ready if d.name == chunk.document])
    assert Inspection(library, trace).terms(chunk) is None
    assert inspecting.passage(library, chunk.id) is None
    assert inspecting.stamp(library, trace) != before


def test_another_pipeline_searches_for_the_same_question_in_the_same_documents(library, trace):
    second = inspecting.search_with(library, trace, "reranker=none,top=1")
    assert second.question == trace.question
    found = inspecting.compared(trace, second)
    assert {one.name for one in found.settings} == {"reranker", "top"}
    assert found.moves
    assert [one.stage for one in found.times][-1] == "whole"
    with pytest.raises(RanklensError):
        inspecting.search_with(library, trace, "nonsense")


def test_passages_are_found_by_their_words(library):
    assert inspecting.passages_with(library, "dry cloth")[0] == ALL[4]
    assert inspecting.passages_with(library, "  ") == []
