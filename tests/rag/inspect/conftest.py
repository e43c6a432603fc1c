import pytest

from rag.pipeline import Pipeline
from rag.rerank import table
from rag.rerank.base import Entry
from rag.settings import Settings
from rag.store.analyse import Analyser
from rag.store.catalogue import Catalogue
from rag.store.index import Index
from rag.store.inverted import InvertedIndex
from tests.fakes import OverlapReranker, WordEncoder, make_chunk
from tests.rag.store.vector_fakes import ExactStore

# The cosines with "mars moon" are m2 1.0, m1 0.71, m3 and t1 0.5, the others 0.
TEXTS = {
    "sky.txt": {
        "m1": "mars mars",
        "m2": "mars and its moon",
        "m3": "the moon in its orbit",
        "s1": "sun",
    },
    "sea.txt": {"t1": "tide tables of the moon", "p1": "a probe to a comet"},
}


@pytest.fixture
def chunks():
    return {
        id: make_chunk(id, text, name) for name, own in TEXTS.items() for id, text in own.items()
    }


@pytest.fixture
def index(tmp_path, chunks):
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    lexical = InvertedIndex.open(tmp_path / "lexical", Analyser("english"))
    made = Index(catalogue, ExactStore(), lexical)
    for name, own in TEXTS.items():
        document = catalogue.add_document(name, 10, name)
        catalogue.update_document(document, status="indexing")
        held = [chunks[id] for id in own]
        made.add(document, 0, held, WordEncoder().encode([c.passage for c in held]))
        made.publish(document, 0.0)
    yield made
    made.close()


@pytest.fixture
def pipeline(index, monkeypatch):
    """Two passages go on from every stage; the reranker counts shared words."""
    overlap = Entry("overlap", "", lambda _context: OverlapReranker())
    monkeypatch.setitem(table.TABLE, "overlap", overlap)
    made = Pipeline(index, WordEncoder(), Settings(reranker="overlap", pool=2, top=1))
    yield made
    made.close()
