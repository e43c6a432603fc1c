"""A library behind a server's address, and frameworks that use one."""

import time
from dataclasses import replace

import pytest

from rag.errors import FilterError, ProviderError, RanklensError, SettingsError
from ranklens import RemoteLibrary
from ranklens.langchain import RanklensCompressor, RanklensRetriever
from ranklens.llamaindex import RanklensNodePostprocessor, RanklensNodeRetriever
from tests.ranklens.bridges import QUESTION, served
from tests.servers.fixed_server import FixedServer


@pytest.fixture(scope="module")
def address(bridge_library):
    with served(bridge_library) as address:
        yield address


@pytest.fixture
def remote(address):
    library = RemoteLibrary(address)
    yield library
    library.close()


def test_the_trace_is_the_one_of_the_library(remote, bridge_library):
    options = {"documents": ["bridges"], "types": ["md"], "reranker": "none", "top": 3}
    there, here = (one.search(QUESTION, **options) for one in (remote, bridge_library))
    assert there.settings == here.settings
    assert there.evidence == here.evidence
    assert [stage.hits for stage in there.stages] == [stage.hits for stage in here.stages]


def test_errors_are_those_of_the_library(remote):
    with pytest.raises(FilterError, match="tunnels"):
        remote.search(QUESTION, documents=["tunnels"])
    with pytest.raises(SettingsError, match="llm_base_url"):
        remote.search(QUESTION, llm_base_url="http://example.com")


@pytest.mark.parametrize("question", ["", "  ", "x" * 200_000], ids=["none", "blank", "long"])
def test_a_question_that_cannot_be_asked_is_the_library_s_error(remote, bridge_library, question):
    for library in (bridge_library, remote):
        with pytest.raises(RanklensError) as error:
            library.search(question)
        assert type(error.value) is RanklensError


def test_frameworks_retrieve_from_a_server_as_from_a_library(remote, bridge_library):
    for library in (bridge_library, remote):
        documents = RanklensRetriever(library=library, k=4).invoke(QUESTION)
        nodes = RanklensNodeRetriever(library, similarity_top_k=4).retrieve(QUESTION)
        assert [one.id for one in documents] == [one.node.node_id for one in nodes]
        assert documents[0].metadata["stages"]["dense"]["rank"] is not None
    assert len(documents) == 4


def test_texts_are_ranked_by_the_server_s_models_as_by_ours(remote, bridge_library):
    texts = ["A ferry.", "The stone bridge of Brook was opened in 1817.", "x " * 5000]
    options = {"reranker": "maxsim", "top": 2}
    there, here = (one.rerank(QUESTION, texts, **options) for one in (remote, bridge_library))
    assert there.details["unit"] == "mean cosine"
    there, here = (replace(one, seconds=0, details={}) for one in (there, here))  # cached or not
    assert there == here
    assert there.cut == (2,)
    with pytest.raises(SettingsError, match="none ranks nothing"):
        remote.rerank(QUESTION, texts, reranker="none")
    with pytest.raises(RanklensError, match="longer than the reranker reads"):
        remote.rerank(QUESTION, texts, reranker="maxsim", whole=True)
    with pytest.raises(RanklensError):
        remote.rerank("", texts)


def test_frameworks_rerank_by_a_server_as_by_a_library(remote, bridge_library):
    retriever = RanklensRetriever(library=bridge_library, k=20, options={"reranker": "none"})
    documents = retriever.invoke(QUESTION)
    nodes = RanklensNodeRetriever(bridge_library, similarity_top_k=20).retrieve(QUESTION)
    found = []
    for library in (bridge_library, remote):
        options = {"library": library, "reranker": "maxsim", "top_n": 3}
        compressed = RanklensCompressor(**options).compress_documents(documents, QUESTION)
        processed = RanklensNodePostprocessor(**options).postprocess_nodes(
            nodes, query_str=QUESTION
        )
        assert [one.id for one in compressed] == [one.node.node_id for one in processed]
        found.append([one.metadata["rerank"] for one in compressed])
    assert found[0] == found[1]


def test_a_ranking_that_is_none_is_the_server_s_fault():
    with FixedServer(b'{"ranked": [{"index": 0}]}') as server:
        library = RemoteLibrary(server.url)
        with pytest.raises(ProviderError, match="sent no ranking"):
            library.rerank("Who?", ["a text"])
        library.close()


def test_a_key_is_sent_and_its_refusal_is_in_words_without_it():
    body = b'{"type": "urn:ranklens:problem:key", "status": 401, "detail": "This needs a key."}'
    with FixedServer(body, 401) as server:
        library = RemoteLibrary(server.url, key="rk_secret")
        with pytest.raises(ProviderError, match="This needs a key") as raised:
            library.search(QUESTION)
        library.close()
    assert server.authorized == ["Bearer rk_secret"]
    assert "secret" not in f"{raised.value} {library!r}"


def test_the_deadline_holds_for_a_reply_that_trickles():
    trickle = (time.sleep(0.1) or b" " for _ in range(100))
    with FixedServer(trickle) as server:
        library = RemoteLibrary(server.url, seconds=0.4)
        started = time.monotonic()
        with pytest.raises(ProviderError, match=r"within 0\.4 s"):
            library.search(QUESTION)
        library.close()
    assert time.monotonic() - started < 3


def test_a_busy_server_names_how_long_to_wait():
    busy = b'{"detail": "The server is busy."}'
    with FixedServer(busy, 429, {"Retry-After": "5"}) as server:
        library = RemoteLibrary(server.url)
        with pytest.raises(ProviderError, match="busy") as raised:
            library.search(QUESTION)
        library.close()
    assert raised.value.passing
    assert raised.value.wait == 5


@pytest.mark.parametrize(
    ("server", "words"),
    [
        (FixedServer(b"<html>"), "no JSON"),
        (FixedServer(b"{}", 302, {"Location": "http://example.com/"}), "302"),
        (FixedServer(b'{"stages": 1}'), "not a trace"),
    ],
)
def test_what_is_no_reply_of_ranklens_is_an_error_in_words(server, words):
    with server:
        library = RemoteLibrary(server.url)
        with pytest.raises(Exception, match=words):
            library.search(QUESTION)
        library.close()


def test_no_server_is_an_error_in_words():
    library = RemoteLibrary("http://127.0.0.1:9")
    with pytest.raises(ProviderError, match="cannot be reached"):
        library.search(QUESTION)
    library.close()
