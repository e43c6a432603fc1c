"""Each retriever checks the other: if BM25 shows that Chroma's graph missed something."""

import pytest

from rag.pipeline import Pipeline
from rag.retrieve import first_stage
from rag.settings import Settings
from rag.store.analyse import Analyser
from rag.store.catalogue import Catalogue
from rag.store.index import Index
from rag.store.inverted import InvertedIndex
from tests.fakes import WordEncoder, make_chunk
from tests.rag.store.vector_fakes import ExactStore

ENCODER = WordEncoder()
TEXTS = ("mars mars", "mars and its moon", "a probe to mars", "the sun and a comet")
FLOOD = 20


class Flooded(ExactStore):
    """An approximate index that is lost among passages that are nearly equal.

    Chroma's graph was seen like this with 7,000 of them: a third of 182 others was not found by
    their own vectors.
    """

    def search(self, vector, k):
        return [pair for pair in super().search(vector, 99) if pair[0].startswith("flood")][:k]


def add(index, name, texts):
    document = index.catalogue.add_document(name, 1, name)
    index.catalogue.update_document(document, status="indexing")
    chunks = [make_chunk(f"{name} {i}", text, name) for i, text in enumerate(texts)]
    index.add(document, 0, chunks, ENCODER.encode(texts))
    index.publish(document, 0.0)


@pytest.fixture
def index(tmp_path):
    made = Index(
        Catalogue(tmp_path / "catalogue.sqlite"),
        Flooded(),
        InvertedIndex.open(tmp_path / "lexical", Analyser("english")),
    )
    add(made, "flood.txt", ["tide"] * FLOOD)
    add(made, "sky.txt", TEXTS)
    yield made
    made.close()


@pytest.fixture
def pipeline(index):
    made = Pipeline(index, ENCODER, Settings(reranker="none", pool=4))
    yield made
    made.close()


def texts(stage):
    return [hit.chunk.text for hit in stage.hits]


def test_nearer_passages_that_the_graph_missed_are_found(pipeline):
    trace = pipeline.search("mars")
    assert texts(trace.stage("dense")) == [*TEXTS[:3], "tide"]
    assert trace.stage("dense").note == "the graph missed nearer passages, so all were compared"
    assert not trace.stage("dense").fell_back
    scores = [hit.score for hit in trace.stage("dense").hits]
    assert scores == pytest.approx([1.0, 0.5**0.5, 0.5**0.5, 0.0])


def test_too_many_are_not_compared(pipeline, monkeypatch):
    monkeypatch.setattr(first_stage, "COMPARED_UP_TO", FLOOD + len(TEXTS) - 1)
    dense = pipeline.search("mars").stage("dense")
    assert texts(dense) == ["tide"] * 4
    assert dense.note.endswith("there are too many to compare all")


def test_a_graph_that_finds_the_nearest_is_trusted(pipeline, index):
    assert pipeline.search("tide").stage("dense").note == ""
    assert index.exact.bytes == 0


def test_a_passage_that_was_missed_among_the_last_places_is_no_reason(pipeline, index):
    """The graph's answer ends with 0; what it missed is nearer than that, not than its middle."""
    add(index, "flood2.txt", ["mars", "mars", "mars", "sun"])
    dense = pipeline.search("mars").stage("dense")
    assert texts(dense) == ["mars", "mars", "mars", "tide"]
    assert dense.note == ""
