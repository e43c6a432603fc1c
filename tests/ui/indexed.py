"""The fake library with a real index and pipeline: four passages go on from each stage."""

from contextlib import contextmanager

from rag.pipeline import Pipeline
from rag.rerank import table
from rag.rerank.base import Entry
from rag.settings import Settings
from rag.store.analyse import Analyser
from rag.store.index import Index
from rag.store.inverted import InvertedIndex
from tests.fakes import OverlapReranker, WordEncoder
from tests.rag.store.vector_fakes import ExactStore
from tests.ui.fakes import ALL

QUESTION = "How are batteries charged?"
WORDS = ("batteries", "battery", "seals", "lens", "water", "charge", "warranty", "years")


@contextmanager
def indexed(library, tmp_path, monkeypatch):
    """Give the library an index over its passages, whose rankings can be worked out by hand."""
    monkeypatch.setattr("tests.fakes.WORDS", WORDS)
    overlap = Entry("overlap", "", lambda _context: OverlapReranker())
    monkeypatch.setitem(table.TABLE, "overlap", overlap)
    catalogue = library.index.catalogue
    lexical = InvertedIndex.open(tmp_path / "lexical", Analyser("english"))
    index = Index(catalogue, ExactStore(), lexical)
    encoder = WordEncoder()
    vectors = encoder.encode([chunk.passage for chunk in ALL])
    for document in catalogue.ready():
        own = [chunk for chunk in ALL if chunk.document == document.name]
        catalogue.drop_chunks([document.id])
        catalogue.add_chunks(document.id, 0, own, vectors[[ALL.index(chunk) for chunk in own]])
    index.vectors.add([chunk.id for chunk in ALL], vectors)
    index.lexical.add([chunk.id for chunk in ALL], [chunk.passage for chunk in ALL])
    library.settings = Settings(reranker="overlap", pool=4, top=2)
    library.index, library.encoder = index, encoder
    library.pipeline = Pipeline(index, encoder, library.settings)
    try:
        yield library
    finally:
        library.pipeline.close()
