"""Questions within chosen documents, through the whole pipeline, against brute force."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rag import trace as traces
from rag.errors import FilterError
from rag.pipeline import Pipeline
from rag.retrieve.filters import Filter
from rag.settings import Settings
from rag.store.analyse import Analyser
from rag.store.catalogue import Catalogue
from rag.store.index import Index
from rag.store.inverted import InvertedIndex
from tests.fakes import WORDS, WordEncoder, make_chunk
from tests.rag.store.vector_fakes import ExactStore

ENCODER = WordEncoder()
TEXTS = {
    "mars.md": ["mars mars", "mars and its moon", "a probe to mars"],
    "moon.pdf": ["the moon in its orbit", "moon moon moon", "tide and moon"],
    "sun.txt": ["sun", "the sun and a comet"],
}


class Forgetful(ExactStore):
    """An approximate index at its worst: it finds nothing of what is asked."""

    def search(self, vector, k):
        return []


@pytest.fixture(scope="module")
def index(tmp_path_factory):
    folder = tmp_path_factory.mktemp("within")
    made = Index(
        Catalogue(folder / "catalogue.sqlite"),
        Forgetful(),
        InvertedIndex.open(folder / "lexical", Analyser("english")),
    )
    for name, texts in TEXTS.items():
        document = made.catalogue.add_document(name, 1, name)
        made.catalogue.update_document(document, status="indexing")
        chunks = [make_chunk(f"{name} {i}", text, name) for i, text in enumerate(texts)]
        made.add(document, 0, chunks, ENCODER.encode([c.passage for c in chunks]))
        made.publish(document, 0.0)
    yield made
    made.close()


@pytest.fixture(scope="module")
def pipeline(index):
    made = Pipeline(index, ENCODER, Settings(reranker="none", pool=4))
    yield made
    made.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(st.sampled_from(WORDS), min_size=1, max_size=4).map(" ".join),
    st.sets(st.sampled_from(sorted(TEXTS)), min_size=1).map(sorted),
)
def test_equals_brute_force(index, pipeline, question, names):
    trace = pipeline.within(Filter(tuple(names))).search(question)
    vector = ENCODER.encode_query(question)
    cosines = [
        (chunk.id, float(row @ vector))
        for chunks, rows in index.catalogue.live_chunks()
        for chunk, row in zip(chunks, rows, strict=True)
        if chunk.document in names
    ]
    best = sorted((score for _, score in cosines), reverse=True)[:4]
    assert [h.score for h in trace.stage("dense").hits] == pytest.approx(best)
    words = [pair for pair in index.lexical.search(question, 99) if pair[0].split()[0] in names]
    assert [(h.chunk.id, h.score) for h in trace.stage("lexical").hits] == words[:4]
    assert all(h.chunk.document in names for stage in trace.stages for h in stage.hits)


def test_what_was_asked_within_is_in_the_trace(pipeline):
    trace = pipeline.within(Filter(types=("pdf",))).search("moon")
    assert trace.settings["within"] == {"documents": [], "types": ["pdf"], "since": None}
    assert trace.settings_digest != pipeline.search("moon").settings_digest
    assert "within" not in pipeline.search("moon").settings
    note = trace.stage("dense").note
    assert note == "exact search within 1 document, 3 passages: type pdf"
    assert not trace.stage("dense").fell_back
    again = traces.from_json(traces.to_json(trace))
    assert Filter.from_setting(again.settings["within"]) == Filter(types=("pdf",))


def test_names_in_the_question_take_the_place_of_the_filter(pipeline):
    trace = pipeline.within(Filter(types=("pdf",))).search("what shines? @sun")
    assert trace.question == "what shines?"
    assert {h.chunk.document for h in trace.stages[-1].hits} == {"sun.txt"}
    assert trace.settings["within"]["documents"] == ["sun.txt"]


def test_nothing_that_is_allowed_is_said(pipeline):
    with pytest.raises(
        FilterError, match=r"no document .* within type pdf and mars.md|mars.md and"
    ):
        pipeline.within(Filter(("mars.md",), ("pdf",))).search("moon")
    with pytest.raises(FilterError, match=r"nearest is 'mars\.md'"):
        pipeline.search("red? @marsh")


def test_a_document_that_is_removed_is_not_found_within(index, pipeline):
    document = index.catalogue.add_document("new.md", 1, "new")
    index.catalogue.update_document(document, status="indexing")
    chunk = make_chunk("new", "a comet", "new.md")
    index.add(document, 0, [chunk], ENCODER.encode([chunk.passage]))
    with pytest.raises(FilterError):
        pipeline.search("comet @new")
    index.publish(document, 0.0)
    assert [h.chunk.id for h in pipeline.search("comet @new").stages[-1].hits] == ["new"]
    index.retire([document])
    with pytest.raises(FilterError):
        pipeline.search("comet @new")
