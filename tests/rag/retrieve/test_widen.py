"""What stands beside the best passages in their section or table."""

import pytest

from rag import trace as traces
from rag.generate.base import REFUSAL
from rag.pipeline import Pipeline
from rag.retrieve.widen import widened
from rag.settings import Settings
from rag.store.analyse import Analyser
from rag.store.catalogue import Catalogue
from rag.store.index import Index
from rag.store.inverted import InvertedIndex
from rag.types import Chunk, Hit
from tests.fakes import WordEncoder
from tests.rag.generate.encoder import CountingEncoder
from tests.rag.store.vector_fakes import ExactStore

TABLE = ("Statement", "Table")


def chunk(id, text="", page=1, heading=TABLE, document="a.pdf"):
    start = 100 * int(id[1:])
    return Chunk(id, document, start, start + len(text or id), text or id, page, heading)


@pytest.fixture
def catalogue(tmp_path):
    made = Catalogue(tmp_path / "catalogue.sqlite")
    yield made
    made.close()


def keep(catalogue, document, *chunks, status="ready"):
    number = catalogue.add_document(document, 1, document)
    catalogue.add_chunks(number, 0, chunks, WordEncoder().encode(["x"] * len(chunks)))
    catalogue.update_document(number, status=status)


def beside(catalogue, *chunks):
    hits = [Hit(one, rank, 1.0 / rank) for rank, one in enumerate(chunks, 1)]
    return [(hit.chunk.id, hit.rank, hit.score) for hit in widened(catalogue, hits).hits]


def test_two_chunks_to_either_side_follow_in_the_order_of_the_evidence(catalogue):
    own = [chunk(f"c{n}") for n in range(1, 8)]
    keep(catalogue, "a.pdf", *own)
    assert beside(catalogue, own[3]) == [
        ("c3", 1, 1.0), ("c2", 2, 1.0), ("c5", 3, 1.0), ("c6", 4, 1.0)
    ]  # fmt: skip
    assert beside(catalogue, own[6], own[0]) == [
        ("c6", 1, 1.0), ("c5", 2, 1.0), ("c2", 3, 0.5), ("c3", 4, 0.5)
    ]  # fmt: skip


def test_what_is_evidence_or_beside_two_passages_comes_once(catalogue):
    own = [chunk(f"c{n}") for n in range(1, 5)]
    keep(catalogue, "a.pdf", *own)
    assert [id for id, *_ in beside(catalogue, own[0], own[1])] == ["c3", "c4"]


def test_another_section_page_or_document_ends_it(catalogue):
    keep(
        catalogue,
        "a.pdf",
        chunk("c1"),
        chunk("c2", heading=("Statement", "Other")),
        chunk("c3"),
        chunk("c4", heading=("Statement",)),  # what the table stands under
        chunk("c5", page=2),
    )
    keep(catalogue, "b.pdf", chunk("c6", document="b.pdf"))
    assert [id for id, *_ in beside(catalogue, chunk("c3"))] == ["c4"]


def test_a_document_that_is_not_ready_has_nothing_beside(catalogue):
    keep(catalogue, "a.pdf", chunk("c1"), chunk("c2"), status="removed")
    assert beside(catalogue, chunk("c1")) == []


ROWS = (
    "Results (in millions):\n\nMay 1, 2022 | May 1, 2021\nRent | $9 | $8",
    "Acme profit on steel bridges | 6 | 5",
)


@pytest.fixture
def pipeline(catalogue, tmp_path):
    encoder = CountingEncoder()
    index = Index(
        catalogue, ExactStore(), InvertedIndex.open(tmp_path / "bm25", Analyser("english"))
    )
    second = Chunk("c2", "a.pdf", len(ROWS[0]) + 1, len(ROWS[0]) + 1 + len(ROWS[1]), ROWS[1])
    first = Chunk("c1", "a.pdf", 0, len(ROWS[0]), ROWS[0])
    document = catalogue.add_document("a.pdf", 1, "a")
    catalogue.update_document(document, status="indexing")
    index.add(document, 0, [first, second], encoder.encode([first.passage, second.passage]))
    index.publish(document, 0.0)
    made = Pipeline(index, encoder, Settings(reranker="none", top=1, refuse_below=0.0))
    yield made
    made.close()


ASKED = "What was the Acme profit on steel bridges as of May 1, 2022?"


def test_an_answer_reads_its_column_in_the_passage_beside_and_cites_the_span(pipeline):
    trace = pipeline.ask(ASKED)
    assert [hit.chunk.id for hit in trace.evidence] == ["c2"]
    assert [hit.chunk.id for hit in trace.given] == ["c2", "c1"]
    assert trace.widened.note == "1 passage beside the best 1"
    assert (
        trace.answer.text == "**$6 (in millions)** — Acme profit on steel bridges, May 1, 2022 [1]"
    )
    assert ROWS[1] == ROWS[1][trace.answer.citations[0].quote_start :]
    assert traces.from_json(traces.to_json(trace)) == trace
    assert trace.seconds >= trace.widened.seconds > 0


def test_it_is_off_for_models_unless_it_is_asked_for(pipeline):
    trace = pipeline.search(ASKED)
    assert trace.widened is None  # a search that nothing answers does without
    assert pipeline.widen(trace).widened.hits
    assert pipeline.with_settings(widen="off").widen(trace).widened is None
    model = pipeline.with_settings(llm_base_url="http://127.0.0.1:9/v1", llm_model="m")
    assert model.widen(trace).widened is None
    assert model.with_settings(widen="on").widen(trace).widened.hits
    assert "$6" not in pipeline.with_settings(widen="off").ask(ASKED).answer.text


def test_without_evidence_nothing_stands_beside(pipeline):
    trace = pipeline.with_settings(threshold=99.0).ask(ASKED)
    assert trace.given == ()
    assert trace.answer.text.startswith(REFUSAL)
