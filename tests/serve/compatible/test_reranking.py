"""Rerank routes with the clients that programs have: Cohere's, Jina-style ones, TEI's."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import cohere
import httpx
import pytest

from rag.errors import RerankError
from ranklens.library import Library
from tests.ranklens.bridges import MATERIALS, TOWNS
from tests.serve.compatible.conftest import cohere_of, served
from tests.serve.conftest import open_library, stock
from tests.servers.rerank_server import KEY, Fault, RerankServer

# Cohere's client warns about its own use of pydantic when it is first imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:cohere.*")

QUERY = "When was the stone bridge opened?"
TEXTS = [
    "The ferry crosses the river twice a day.",
    "The stone bridge was opened in 1871.",
    "A bridge of iron stood here until 1950.",
]
LONG = "river " * 600


def test_cohere_s_client(rerank_client: cohere.ClientV2, bridges: Library):
    reply = rerank_client.rerank(model="ranklens", query=QUERY, documents=TEXTS)
    expected = bridges.rerank(QUERY, TEXTS).ranked
    assert [one.index for one in reply.results] == [one.index for one in expected] == [1, 2, 0]
    for got, own in zip(reply.results, expected, strict=True):
        assert got.relevance_score == pytest.approx(own.relevance)
    assert reply.id
    assert reply.meta.api_version.version == "2"


def test_cohere_s_client_names_a_reranker_and_the_best(rerank_client, bridges):
    reply = rerank_client.rerank(model="maxsim", query=QUERY, documents=TEXTS, top_n=2)
    expected = bridges.rerank(QUERY, TEXTS, reranker="maxsim", top=2).ranked
    assert [one.index for one in reply.results] == [1, 2]
    assert reply.results[0].relevance_score == pytest.approx(expected[0].score)  # a cosine
    assert not reply.meta.warnings


def test_what_was_cut_is_a_warning(rerank_client):
    reply = rerank_client.rerank(model="maxsim", query=QUERY, documents=[*TEXTS, LONG])
    assert reply.meta.warnings == ["of 1 document only the beginning was read"]


def test_cohere_s_first_version(address: str):
    with cohere.Client(base_url=address, api_key="any") as client:
        reply = client.rerank(model="ranklens", query=QUERY, documents=TEXTS, top_n=1)
        assert [(one.index, one.document.text) for one in reply.results] == [(1, TEXTS[1])]


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"model": "gpt-4o"}, "unknown reranker 'gpt-4o'"),
        ({"model": "none"}, "ranks nothing"),
        ({"documents": []}, "documents"),
        ({"top_n": 0}, "top_n"),
        ({"query": "x" * 50_000}, "max_question_characters"),
        ({"documents": ["a"] * 2049}, "2,?049 texts at once"),
        ({"documents": ["a" * 100_001]}, "max_text_characters"),
        ({"model": "cross-encoder:/etc"}, "a model in a folder"),
    ],
)
def test_cohere_s_client_shows_what_is_wrong(rerank_client, body, words):
    given = {"model": "ranklens", "query": QUERY, "documents": TEXTS, **body}
    with pytest.raises(cohere.BadRequestError) as error:
        rerank_client.rerank(**given)
    assert list(error.value.body) == ["message"]
    assert re.search(words, error.value.body["message"])


def test_jina_style_as_open_webui_calls_it(address: str, bridges: Library):
    body = {"model": "late-interaction", "query": QUERY, "documents": TEXTS, "top_n": len(TEXTS)}
    reply = httpx.post(f"{address}/v1/rerank", json=body, headers={"Authorization": "Bearer x"})
    data = reply.raise_for_status().json()
    scores = [one["relevance_score"] for one in sorted(data["results"], key=lambda r: r["index"])]
    own = {one.index: one.relevance for one in bridges.rerank(QUERY, TEXTS).ranked}
    assert scores == pytest.approx([own[place] for place in range(3)])
    assert data["results"][0]["document"] == {"text": TEXTS[1]}
    assert data["model"] == "late-interaction"
    assert data["usage"]["total_tokens"] == sum(bridges.encoder.count_tokens([QUERY, *TEXTS]))


def test_jina_style_with_objects_and_without_texts(address: str):
    documents = [{"text": TEXTS[0]}, TEXTS[1]]
    body = {"query": {"text": QUERY}, "documents": documents, "return_documents": False}
    reply = httpx.post(f"{address}/v1/rerank", json=body).json()
    assert [set(one) for one in reply["results"]] == [{"index", "relevance_score"}] * 2
    reply = httpx.post(f"{address}/v1/rerank", json={"query": 3, "documents": documents})
    assert reply.status_code == 422
    assert "query" in reply.json()["detail"]


def test_text_embeddings_inference(address: str, bridges: Library):
    def ask(**more: object) -> httpx.Response:
        return httpx.post(f"{address}/rerank", json={"query": QUERY, "texts": TEXTS, **more})

    own = bridges.rerank(QUERY, TEXTS).ranked
    assert ask().json() == [
        {"index": one.index, "score": pytest.approx(one.relevance)} for one in own
    ]
    raw = ask(raw_scores=True, return_text=True).json()
    assert [one["score"] for one in raw] == pytest.approx([one.score for one in own])
    assert [one["text"] for one in raw] == [one.text for one in own]
    assert ask(texts=[*TEXTS, LONG], truncate=True, truncation_direction="Right").status_code == 200
    refused = ask(texts=[*TEXTS, LONG])
    assert refused.status_code == 422
    assert refused.json()["error_type"] == "Validation"
    assert "text 3 is longer than the reranker reads" in refused.json()["error"]
    assert ask(truncation_direction="Left").status_code == 422


@pytest.mark.parametrize("name", ["cohere", "jina", "rerank-server", "tei"])
def test_ranklens_is_a_client_of_its_own(name: str, address: str, bridges: Library, tmp_path):
    options = {
        "cohere_url": address, "cohere_api_key": "x", "jina_url": f"{address}/v1",
        "jina_api_key": "x", "rerank_server_url": f"{address}/v1", "tei_url": address,
        "rerank_cache_mb": 0, "reranker": f"{name}:maxsim" if name != "tei" else name,
    }  # fmt: skip
    found = bridges.rerank(QUERY, TEXTS, **options)
    # TEI's protocol names no model.
    reranker = "maxsim" if name != "tei" else "late-interaction"
    expected = bridges.rerank(QUERY, TEXTS, reranker=reranker)
    assert [one.index for one in found.ranked] == [one.index for one in expected.ranked]
    assert [one.relevance for one in found.ranked] == pytest.approx(
        [one.relevance for one in expected.ranked], abs=1e-6
    )


def test_many_callers_at_once_get_what_they_get_alone(address: str, bridges: Library):
    queries = [f"When was the {m} bridge of {t} opened?" for m in MATERIALS[:2] for t in TOWNS[:5]]
    texts = [chunk.text for chunk in bridges.chunks("bridges.md")][:8]
    options = {"reranker": "maxsim", "rerank_cache_mb": 0}
    alone = [bridges.rerank(query, texts, **options) for query in queries]

    def ask(query: str) -> dict[int, float]:
        with cohere_of(address) as client:
            reply = client.rerank(model="maxsim", query=query, documents=texts)
        return {one.index: one.relevance_score for one in reply.results}

    with ThreadPoolExecutor(len(queries)) as threads:
        found = list(threads.map(ask, queries))
    for got, own in zip(found, alone, strict=True):
        assert got == pytest.approx({one.index: one.relevance for one in own.ranked}, abs=1e-5)


RERANK = '{"model": "rerank-server", "query": "a", "documents": ["b"]}'


@contextmanager
def hanging(
    address: str, upstream: RerankServer, path: str = "/v2/rerank", body: str = RERANK
) -> Iterator[None]:
    """A caller whose request is being worked on, and who hangs up at the end."""
    upstream.always = Fault(delay=20)
    port = int(address.rpartition(":")[2].partition("/")[0])
    head = f"POST /api{path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
    head += "Accept: application/json, text/event-stream\r\n"
    with socket.create_connection(("127.0.0.1", port)) as caller:
        caller.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        end = time.monotonic() + 10
        while not upstream.requests and time.monotonic() < end:
            time.sleep(0.01)
        yield


def test_a_busy_server_says_so_until_the_caller_hangs_up(tmp_path):
    with RerankServer() as upstream:
        options = {"rerank_server_url": upstream.url + "/v1", "rerank_server_key": KEY}
        with open_library(tmp_path, api_at_once=1, api_queue=0, **options) as library:
            stock(library, tmp_path)
            body = {"model": "maxsim", "query": "moon", "documents": ["moon", "tide"]}
            with served(library) as address, cohere_of(address) as client:
                with hanging(address, upstream):
                    with pytest.raises(cohere.TooManyRequestsError) as error:
                        client.rerank(**body, request_options={"max_retries": 0})
                    assert "the queue is full" in error.value.body["message"]
                    assert httpx.post(f"{address}/rerank", json={}).json() == {
                        "error": error.value.body["message"], "error_type": "Overloaded",
                    }  # fmt: skip
                end = time.monotonic() + 5
                while httpx.post(f"{address}/v2/rerank", json=body).status_code == 429:
                    assert time.monotonic() < end
                assert client.rerank(**body).results[0].index == 0


def test_a_key_is_asked_for_in_the_client_s_own_form(tmp_path):
    with open_library(tmp_path) as library:
        stock(library, tmp_path)
        key = library.keys.add("reader", "read")[0]
        with served(library) as address:
            with (
                cohere_of(address, "wrong") as client,
                pytest.raises(cohere.UnauthorizedError) as no,
            ):
                client.rerank(model="maxsim", query="moon", documents=["moon"])
            assert "ranklens keys add" in no.value.body["message"]
            with cohere_of(address, key) as client:
                reply = client.rerank(model="maxsim", query="moon", documents=["tide", "moon"])
            assert reply.results[0].index == 1
            for path in ("rerank", "v1/rerank"):
                assert httpx.post(f"{address}/{path}", json={}).status_code == 401


QUESTION = '{"question": "moon", "settings": {"reranker": "rerank-server"}}'
MESSAGES = '"messages": [{"role": "user", "content": "moon"}]'


def _call(tool: str) -> str:
    arguments = '{"question": "moon", "reranker": "rerank-server"}'
    params = f'{{"name": "{tool}", "arguments": {arguments}}}'
    return f'{{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {params}}}'


def test_hanging_up_while_passages_are_ranked_frees_the_turn(tmp_path):
    with RerankServer() as upstream:
        options = {"rerank_server_url": upstream.url + "/v1", "rerank_server_key": KEY}
        more = {"api_at_once": 1, "api_queue": 0, "rerank_policy": "always"}
        with open_library(tmp_path, **more, **options) as library:
            stock(library, tmp_path)
            with served(library) as address:
                for path, body in (
                    ("/v1/search", QUESTION),
                    ("/v1/where", QUESTION),
                    ("/v1/ask", QUESTION),
                    ("/v1/vector_stores/default/search",
                     '{"query": "moon", "ranking_options": {"ranker": "rerank-server"}}'),
                    ("/v1/chat/completions", f'{{"model": "rerank-server", {MESSAGES}}}'),
                    ("/mcp", _call("search")),
                    ("/mcp", _call("where")),
                    ("/mcp", _call("ask")),
                ):  # fmt: skip
                    upstream.requests.clear()
                    with hanging(address, upstream, path, body):
                        assert upstream.requests, path
                        assert httpx.get(f"{address}/v1/documents").status_code == 429, path
                    end, free = time.monotonic() + 5, False
                    while not free and time.monotonic() < end:
                        free = httpx.get(f"{address}/v1/documents").status_code == 200
                        time.sleep(0.05)
                    assert free, path


def test_what_takes_too_long_says_what_to_do(tmp_path):
    with RerankServer() as upstream:
        upstream.always = Fault(delay=3)
        options = {"rerank_server_url": upstream.url + "/v1", "rerank_server_key": KEY}
        with (
            open_library(tmp_path, rerank_seconds=0.3, **options) as library,
            pytest.raises(RerankError, match="fewer or shorter texts, or raise rerank_seconds"),
        ):
            library.rerank("moon", ["moon", "tide"], reranker="rerank-server")
