"""Ranklens in LlamaIndex."""

import asyncio
import subprocess
import sys

import pytest
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.schema import MetadataMode

from rag.errors import FilterError, RanklensError
from ranklens.llamaindex import RanklensNodePostprocessor, RanklensNodeRetriever
from tests.ranklens.bridges import BEST, QUESTION


def test_a_node_is_the_passage_with_its_place_at_every_stage(bridge_library):
    retriever = RanklensNodeRetriever(bridge_library, similarity_top_k=3, reranker="none")
    found = retriever.retrieve(QUESTION)
    trace = bridge_library.search(QUESTION, reranker="none", top=3)
    assert [one.node.node_id for one in found] == [hit.chunk.id for hit in trace.evidence]
    assert [one.score for one in found] == [hit.score for hit in trace.evidence]
    stages = found[0].metadata["stages"]
    for stage in trace.stages:
        hit = next(h for h in stage.hits if h.chunk.id == found[0].node.node_id)
        assert stages[stage.name] == {"rank": hit.rank, "score": hit.score}


def test_a_language_model_reads_where_a_passage_stands_and_no_scores(bridge_library):
    node = RanklensNodeRetriever(bridge_library).retrieve(QUESTION)[0].node
    read = node.get_content(MetadataMode.LLM)
    assert BEST in read
    assert "bridges.md" in read
    assert "score" not in read
    assert "settings_digest" not in read


def test_it_can_be_awaited(bridge_library):
    retriever = RanklensNodeRetriever(bridge_library, similarity_top_k=2)
    assert len(asyncio.run(retriever.aretrieve(QUESTION))) == 2


def test_what_cannot_be_searched_is_an_error_in_words(bridge_library):
    with pytest.raises(FilterError, match="tunnels"):
        RanklensNodeRetriever(bridge_library, documents=["tunnels"]).retrieve(QUESTION)


def test_fifty_nodes_are_reranked_to_the_best(bridge_library):
    retriever = RanklensNodeRetriever(bridge_library, similarity_top_k=50, reranker="none")
    postprocessor = RanklensNodePostprocessor(library=bridge_library, reranker="maxsim", top_n=3)
    nodes = retriever.retrieve(QUESTION)
    found = postprocessor.postprocess_nodes(nodes, query_str=QUESTION)
    assert len(nodes) == 50
    assert len(found) == 3
    assert BEST in found[0].get_content()
    for rank, one in enumerate(found, 1):
        how = one.metadata["rerank"]
        assert (how["rank"], how["relevance"]) == (rank, one.score)
        assert nodes[how["rank_before"] - 1].node.node_id == one.node.node_id
    assert "rerank" not in found[0].node.get_content(MetadataMode.LLM)
    assert "rerank" not in nodes[0].metadata


def test_a_query_engine_answers_from_the_reranked_nodes(bridge_library):
    engine = RetrieverQueryEngine.from_args(
        RanklensNodeRetriever(bridge_library, similarity_top_k=50, reranker="none"),
        llm=MockLLM(),
        node_postprocessors=[
            RanklensNodePostprocessor(library=bridge_library, reranker="maxsim", top_n=2)
        ],
    )
    reply = engine.query(QUESTION)
    assert len(reply.source_nodes) == 2
    assert BEST in reply.source_nodes[0].get_content()
    assert BEST in str(reply)  # the mock repeats its prompt, which holds the passages


def test_nodes_without_a_question_are_an_error_in_words(bridge_library):
    postprocessor = RanklensNodePostprocessor(library=bridge_library)
    with pytest.raises(RanklensError, match="query_str"):
        postprocessor.postprocess_nodes([])
    assert postprocessor.postprocess_nodes([], query_str="a question") == []


def test_without_the_extra_the_error_names_the_line_that_installs_it():
    code = (
        "import sys; sys.modules['llama_index'] = None\n"
        "try:\n    import ranklens.llamaindex\n"
        "except ImportError as error:\n    print(error)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'ranklens[llamaindex]'" in ran.stdout
