"""Vector stores and models with OpenAI's client."""

from __future__ import annotations

import openai
import pytest

from rag.trace import to_dict
from ranklens.library import Library
from tests.ranklens.bridges import BEST, QUESTION


def test_a_search_returns_what_the_library_returns(chat_client: openai.OpenAI, bridges: Library):
    page = chat_client.vector_stores.search("default", query=QUESTION, max_num_results=3)
    trace = bridges.search(QUESTION, top=3)
    assert [one.content[0].text for one in page.data] == [h.chunk.text for h in trace.evidence]
    first, hit = page.data[0], trace.evidence[0]
    assert BEST in first.content[0].text
    assert (first.filename, first.file_id) == ("bridges.md", "bridges.md")
    assert first.attributes["passage"] == hit.chunk.id
    assert first.attributes["rank"] == first.attributes["reranked_rank"] == 1
    assert first.attributes["raw_score"] == pytest.approx(hit.score)
    assert {"dense_rank", "lexical_score"} <= first.attributes.keys()
    assert len(first.attributes) <= 16
    scores = [one.score for one in page.data]
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= score <= 1 for score in scores)


def test_the_trace_behind_a_search_can_be_read(chat_client, bridges):
    raw = chat_client.vector_stores.with_raw_response.search("default", query=QUESTION)
    trace = chat_client.get(f"/traces/{raw.http_response.json()['trace_id']}", cast_to=object)
    assert trace["question"] == QUESTION
    expected = to_dict(bridges.search(QUESTION, top=10))
    assert trace["settings_digest"] == expected["settings_digest"]


def test_filters_and_ranking_options(chat_client):
    def search(**more):
        return chat_client.vector_stores.search("default", query=QUESTION, **more).data

    of_name = search(filters={"type": "eq", "key": "filename", "value": "ferries.txt"})
    assert {one.filename for one in of_name} == {"ferries.txt"}
    of_type = search(filters={"type": "in", "key": "type", "value": ["txt"]})
    assert {one.filename for one in of_type} == {"ferries.txt"}
    assert all("reranked_rank" in one.attributes for one in search())
    everything = search(max_num_results=50)
    least = everything[5].score
    some = search(max_num_results=50, ranking_options={"score_threshold": least})
    assert len(some) == sum(one.score >= least for one in everything) < 50
    plain = search(ranking_options={"ranker": "none"})
    assert len(plain) == 10


@pytest.mark.parametrize(
    ("store", "more", "status", "words"),
    [
        ("mine", {}, 404, "there is no collection 'mine'"),
        ("default", {"max_num_results": 51}, 400, "max_num_results"),
        ("default", {"filters": {"type": "gt", "key": "page", "value": 3}}, 400, "filters"),
        ("default", {"filters": {"type": "eq", "key": "type", "value": ["a"]}}, 400, "one value"),
        ("default", {"filters": {"type": "eq", "key": "filename", "value": "x.pdf"}}, 400, "x.pdf"),
        ("default", {"ranking_options": {"ranker": "nonsense"}}, 400, "unknown reranker"),
        ("default", {"query": " "}, 400, "the question is empty"),
    ],
)  # fmt: skip
def test_openai_s_client_shows_what_is_wrong(chat_client, store, more, status, words):
    with pytest.raises(openai.APIStatusError, match=words) as error:
        chat_client.vector_stores.search(store, **{"query": QUESTION, **more})
    assert error.value.status_code == status


def test_the_one_store_is_described(chat_client: openai.OpenAI):
    (listed,) = chat_client.vector_stores.list().data
    store = chat_client.vector_stores.retrieve("default")
    assert listed == store
    assert (store.status, store.file_counts.completed, store.file_counts.total) == (
        "completed", 2, 2,
    )  # fmt: skip
    assert store.usage_bytes > 1000
    with pytest.raises(openai.NotFoundError):
        chat_client.vector_stores.retrieve("other")


def test_models_are_pipelines_and_the_encoder(chat_client: openai.OpenAI, bridges: Library):
    names = [model.id for model in chat_client.models.list()]
    assert names[0] == "ranklens"
    assert names[-1] == bridges.encoder.name
    assert {"late-interaction", "maxsim", "none", "auto"} <= set(names)
    assert "cohere" not in names  # it has no key here
    assert chat_client.models.retrieve("maxsim").id == "maxsim"
    assert chat_client.models.retrieve(bridges.encoder.name).id == bridges.encoder.name
    with pytest.raises(openai.NotFoundError, match="there is no model 'gpt-4o'"):
        chat_client.models.retrieve("gpt-4o")
