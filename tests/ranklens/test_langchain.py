"""Ranklens in LangChain, checked by LangChain's own tests too."""

import subprocess
import sys

import pytest
from langchain_tests.integration_tests import RetrieversIntegrationTests

from rag.errors import FilterError, SettingsError
from ranklens.langchain import RanklensRetriever
from tests.ranklens.bridges import BEST, QUESTION


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
