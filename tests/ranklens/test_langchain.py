"""Ranklens in LangChain, checked by LangChain's own tests too."""

import subprocess
import sys

import pytest
from langchain_classic.retrievers import ContextualCompressionRetriever
from langchain_core.documents import Document
from langchain_tests.integration_tests import RetrieversIntegrationTests

from rag.errors import FilterError, RerankError, SettingsError
from ranklens.evidence import text_to_rank
from ranklens.langchain import RanklensCompressor, RanklensRetriever
from tests.ranklens.bridges import BEST, QUESTION
from tests.servers.rerank_server import KEY, RerankServer


@pytest.mark.anyio
class TestRetriever(RetrieversIntegrationTests):
    """LangChain's own tests of a retriever."""

    @pytest.fixture(autouse=True)
    def _library(self, bridge_library):
        self.library = bridge_library

    @pytest.fixture
    def anyio_backend(self):
        return "asyncio"

    @property
    def retriever_constructor(self):
        return RanklensRetriever

    @property
    def retriever_constructor_params(self):
        return {"library": self.library}

    @property
    def retriever_query_example(self):
        return QUESTION

    async def test_ainvoke_takes_k(self, retriever):
        assert len(await retriever.ainvoke(QUESTION, k=2)) == 2


@pytest.fixture
def retriever(bridge_library):
    return RanklensRetriever(library=bridge_library)


def test_a_document_is_the_passage_with_its_place_at_every_stage(bridge_library, retriever):
    found = retriever.invoke(QUESTION)
    trace = bridge_library.search(QUESTION)
    assert [one.id for one in found] == [hit.chunk.id for hit in trace.evidence]
    assert BEST in found[0].page_content
    metadata = found[0].metadata
    assert metadata["source"] == metadata["document"] == "bridges.md"
    assert metadata["headings"] == ["Bridges"]
    assert set(metadata["stages"]) == {"dense", "lexical", "fused", "reranked"}
    for stage in trace.stages:
        hit = next(h for h in stage.hits if h.chunk.id == found[0].id)
        assert metadata["stages"][stage.name] == {"rank": hit.rank, "score": hit.score}
    assert (metadata["rank"], metadata["score"]) == (1, trace.evidence[0].score)


def test_options_choose_pipeline_and_documents(bridge_library):
    options = {"reranker": "none", "documents": ["ferries"]}
    retriever = RanklensRetriever(library=bridge_library, k=3, options=options)
    (only,) = retriever.invoke("Who crossed the river?")
    assert only.metadata["document"] == "ferries.txt"
    assert only.metadata["reranker"] == "none"
    assert retriever.invoke("the river", documents=["bridges"])[0].metadata["source"] == (
        "bridges.md"
    )


def test_a_larger_k_makes_the_pool_deeper(bridge_library):
    retriever = RanklensRetriever(library=bridge_library, options={"reranker": "none"})
    assert [len(retriever.invoke("the bridge", k=k)) for k in (5, 50, 60)] == [5, 50, 60]


def test_what_cannot_be_searched_is_an_error_in_words(retriever):
    with pytest.raises(FilterError, match="tunnels"):
        retriever.invoke(QUESTION, documents=["tunnels"])
    with pytest.raises(SettingsError, match="did you mean reranker"):
        retriever.invoke(QUESTION, rerankr="none")


def test_fifty_passages_are_compressed_to_five(bridge_library):
    retriever = ContextualCompressionRetriever(
        base_compressor=RanklensCompressor(library=bridge_library, reranker="maxsim", top_n=5),
        base_retriever=RanklensRetriever(
            library=bridge_library, k=50, options={"reranker": "none"}
        ),
    )
    found = retriever.invoke(QUESTION)
    pool = retriever.base_retriever.invoke(QUESTION)
    assert (len(pool), len(found)) == (50, 5)
    assert BEST in found[0].page_content
    for rank, document in enumerate(found, 1):
        how = document.metadata["rerank"]
        assert (how["reranker"], how["rank"], how["cut"]) == ("maxsim", rank, False)
        assert pool[how["rank_before"] - 1].id == document.id
        assert (
            document.metadata["stages"]["dense"]
            == (pool[how["rank_before"] - 1].metadata["stages"]["dense"])
        )
    relevances = [document.metadata["relevance_score"] for document in found]
    assert relevances == sorted(relevances, reverse=True)
    assert "rerank" not in pool[0].metadata


def test_the_compressor_ranks_as_the_pipeline_does(bridge_library):
    retriever = RanklensRetriever(library=bridge_library, k=50, options={"reranker": "none"})
    compressor = RanklensCompressor(library=bridge_library, reranker="maxsim", top_n=None)
    found = compressor.compress_documents(retriever.invoke(QUESTION), QUESTION)
    reranked = bridge_library.search(QUESTION, reranker="maxsim").stages[-1]
    wanted = {hit.chunk.id: hit.score for hit in reranked.hits}
    scores = {one.id: one.metadata["rerank"]["score"] for one in found}
    # the pipeline reads token vectors that were rounded when they were kept
    assert scores == pytest.approx(wanted, abs=0.03)


def test_a_passage_is_ranked_under_its_document_and_headings(bridge_library):
    (found,) = RanklensRetriever(library=bridge_library, k=1).invoke(QUESTION)
    (hit,) = bridge_library.search(QUESTION, top=1).evidence
    assert text_to_rank(found.page_content, found.metadata) == hit.chunk.passage
    assert text_to_rank("of anywhere", {"document": "a.md"}) == "of anywhere"


@pytest.mark.parametrize(
    "reranker",
    ["auto", "late-interaction", "maxsim", "hybrid:maxsim", "rrf:maxsim+late-interaction",
     "cascade:maxsim>late-interaction"],
)  # fmt: skip
def test_every_reranker_that_runs_here_compresses_documents_of_anywhere(bridge_library, reranker):
    texts = ["Ships use the harbour.", "The harbour bridge was opened in 1932.", "Tea is green."]
    documents = [Document(text) for text in texts]
    compressor = RanklensCompressor(library=bridge_library, reranker=reranker, top_n=2)
    found = compressor.compress_documents(documents, "When was the harbour bridge opened?")
    assert found[0].page_content == texts[1]
    assert len(found) == 2
    assert compressor.compress_documents([], QUESTION) == []


def test_a_reranker_of_a_server_compresses_too(bridge_library):
    with RerankServer() as server:
        options = {"rerank_server_url": f"{server.url}/v1", "rerank_server_key": KEY}
        compressor = RanklensCompressor(
            library=bridge_library, reranker="rerank-server", options=options
        )
        found = compressor.compress_documents([Document("tide"), Document("moon")], "the moon")
    assert [one.page_content for one in found] == ["moon", "tide"]


def test_a_reranker_that_fails_is_an_error(bridge_library):
    compressor = RanklensCompressor(
        library=bridge_library,
        reranker="rerank-server",
        options={"rerank_server_url": "http://127.0.0.1:9", "rerank_retries": 0},
    )
    with pytest.raises(RerankError, match="cannot be reached"):
        compressor.compress_documents([Document("one"), Document("two")], "one")


def test_without_the_extra_the_error_names_the_line_that_installs_it():
    code = (
        "import sys; sys.modules['langchain_core.callbacks'] = None\n"
        "import ranklens\n"
        "try:\n    import ranklens.langchain\n"
        "except ImportError as error:\n    print(error)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'ranklens[langchain]'" in ran.stdout


def test_importing_ranklens_imports_no_framework():
    code = "import ranklens, sys; print({'langchain_core', 'llama_index'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
