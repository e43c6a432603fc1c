"""What is asked within a collection, against a library that has nothing else."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag.errors import FilterError
from rag.inspect import places, why
from rag.pipeline import Pipeline
from rag.retrieve.filters import EVERYTHING, Filter, of_settings
from rag.settings import Settings
from rag.store.analyse import AutoAnalyser
from rag.store.catalogue import Catalogue
from rag.store.index import Index
from rag.store.inverted import InvertedIndex
from tests.fakes import WORDS, WordEncoder, make_chunk
from tests.rag.store.vector_fakes import ExactStore

ENCODER = WordEncoder()
OWN = {
    "mars.md": ["mars mars", "mars and its moon", "a probe to mars in orbit"],
    "moon.pdf": ["the moon in its orbit", "moon moon moon", "tide and moon", "houses near a tide"],
}
OTHERS = {
    "sun.txt": ["sun", "the sun and a comet", "sun sun sun tide", "a ring of the sun"],
    "haus.txt": ["die Häuser der Sonne", "das Haus am Ring", "mars und moon im Haus"],
    "ring.md": ["ring " * 40, "probe and ring", "moon ring comet"],
}
LANGUAGES = {"haus.txt": "german"}


def opened(folder: Path, texts: dict[str, list[str]]) -> Index:
    catalogue = Catalogue(folder / "catalogue.sqlite")
    lexical = InvertedIndex.open(folder / "lexical", AutoAnalyser(catalogue.languages))
    made = Index(catalogue, ExactStore(), lexical)
    for name, pieces in texts.items():
        document = catalogue.add_document(name, 1, name)
        catalogue.update_document(
            document, status="indexing", language=LANGUAGES.get(name, "english")
        )
        chunks = [make_chunk(f"{name} {i}", text, name) for i, text in enumerate(pieces)]
        made.add(document, 0, chunks, ENCODER.encode([c.passage for c in chunks]))
        made.publish(document, 0.0)
    return made


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A library in which the documents of the collection stand among others."""
    mixed = {"sun.txt": OTHERS["sun.txt"], **OWN, **OTHERS}
    index = opened(tmp_path_factory.mktemp("whole"), mixed)
    index.collections.make("own")
    index.collections.put("own", OWN)
    pipeline = Pipeline(index, ENCODER, Settings(reranker="none", pool=5, expansion="feedback"))
    yield pipeline
    pipeline.close()
    index.close()


@pytest.fixture(scope="module")
def alone(tmp_path_factory, whole):
    """A library that has only these documents."""
    index = opened(tmp_path_factory.mktemp("alone"), OWN)
    pipeline = Pipeline(index, ENCODER, whole.settings)
    yield pipeline
    pipeline.close()
    index.close()


def rankings(trace):
    return {
        stage.name: [(h.chunk.id, pytest.approx(h.score, abs=1e-6)) for h in stage.hits]
        for stage in trace.stages
    }


QUESTIONS = st.lists(
    st.sampled_from([*WORDS, "house", "Häuser", "near"]), min_size=1, max_size=4
).map(" ".join)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(QUESTIONS, st.sampled_from([EVERYTHING, Filter(("moon.pdf",)), Filter(types=("md",))]))
def test_equals_a_library_of_its_documents_only(whole, alone, question, chosen):
    within = whole.within(chosen.inside("own")).search(question)
    expected = alone.within(chosen).search(question)
    assert rankings(within) == rankings(expected)


def test_other_documents_would_change_the_scores(whole, alone):
    """The contract above could fail: a filter leaves BM25's scores as they are in the library."""
    filtered = whole.within(Filter(tuple(OWN))).search("moon tide")
    assert rankings(filtered)["lexical"] != rankings(alone.search("moon tide"))["lexical"]


def test_a_collection_of_everything_narrows_nothing(alone):
    trace = alone.within(Filter(collection="default")).search("moon")
    assert rankings(trace) == rankings(alone.search("moon"))
    assert trace.stage("dense").note == ""
    assert trace.settings["collection"] == "default"
    assert "within" not in trace.settings


def test_the_collection_is_in_the_trace_and_stays_if_the_question_names_a_document(whole):
    trace = whole.within(Filter(collection="own")).search("what of the tide? @moon")
    assert trace.settings["within"]["documents"] == ["moon.pdf"]
    assert of_settings(trace.settings) == Filter(("moon.pdf",), collection="own")
    note = trace.stage("dense").note
    assert note == "exact search within 1 document, 4 passages: collection own, moon.pdf"
    with pytest.raises(FilterError, match="no document 'sun' in the library"):
        whole.within(Filter(collection="own")).search("what shines? @sun")


def test_what_is_worked_out_afterwards_counts_the_collection_only(whole, alone):
    own = whole.within(Filter(collection="own"))
    found, expected = (places.everything(one, "moon tide") for one in (own, alone))
    for stage in ("dense", "lexical", "fused"):
        assert {id: (h.rank, pytest.approx(h.score)) for id, h in found[stage].items()} == {
            id: (h.rank, h.score) for id, h in expected[stage].items()
        }
    chunk = own.search("moon tide").stages[-1].hits[0].chunk
    terms, score = (why.terms(one, "moon tide", chunk) for one in (own, alone))
    assert terms.score == pytest.approx(score.score)
    assert terms.total == pytest.approx(terms.score)
    strange = whole.search("sun").stages[-1].hits[0].chunk
    assert places.allowed(own, chunk)
    assert not places.allowed(own, strange)


def test_most_of_a_large_library_is_searched_by_the_graph(whole, monkeypatch):
    monkeypatch.setattr("rag.store.index.COMPARED_UP_TO", 3)
    names = [*OWN, "ring.md"]
    whole.index.collections.ensure("most")
    whole.index.collections.put("most", names)
    searched = []
    search = whole.index.vectors.search
    monkeypatch.setattr(
        whole.index.vectors, "search", lambda vector, k: searched.append(k) or search(vector, k)
    )
    graph = whole.within(Filter(collection="most")).search("moon tide").stage("dense")
    assert searched[0] == 5
    monkeypatch.undo()
    exact = whole.within(Filter(collection="most")).search("moon tide").stage("dense")
    assert [h.chunk.id for h in graph.hits] == [h.chunk.id for h in exact.hits]
