"""`search`, `ask` and `where` over HTTP give what the Python API gives."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator
from starlette.testclient import TestClient

from rag.trace import from_dict, json_schema, to_dict
from ranklens import judging
from ranklens.library import Library

QUESTION = "Which probe is near the moon?"


def events(text: str) -> list[tuple[str, object]]:
    """The events of a stream: name and data."""
    found = []
    for block in text.strip().split("\n\n"):
        if not block.startswith(":"):
            name, data = block.split("\n", 1)
            found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def rankings(trace: dict) -> dict:
    return {s["name"]: [hit["chunk"]["id"] for hit in s["hits"]] for s in trace["stages"]}


def test_a_search_returns_the_trace_of_the_python_api(api: TestClient, stocked: Library):
    reply = api.post("/api/v1/search", json={"question": QUESTION})
    assert reply.status_code == 200
    trace = reply.json()
    assert rankings(trace) == rankings(to_dict(stocked.search(QUESTION)))
    assert from_dict(trace).evidence[0].chunk.document == "moon.md"
    assert trace["answer"] is None


def test_options_and_filters_hold_for_one_question(api: TestClient):
    body = {"question": QUESTION, "settings": {"top": 1}, "documents": ["mars.txt"]}
    trace = from_dict(api.post("/api/v1/search", json=body).json())
    assert trace.top == 1
    assert {hit.chunk.document for hit in trace.stages[-1].hits} == {"mars.txt"}


def test_the_description_of_a_trace_fits_every_trace(api: TestClient):
    document = api.get("/api/openapi.json").json()
    schema = {**json_schema(), "components": document["components"]}
    trace = api.post("/api/v1/ask", json={"question": QUESTION}).json()
    assert trace["answer"]["citations"]
    Draft202012Validator(schema).validate(trace)
    assert "chunk" in document["components"]["schemas"]["Citation"]["properties"]
    with pytest.raises(Exception, match="is not of type"):
        Draft202012Validator(schema).validate(trace | {"question": 1})


def test_an_answer_can_be_streamed(api: TestClient):
    body = {"question": QUESTION, "stream": True}
    reply = api.post("/api/v1/ask", json=body)
    assert reply.headers["content-type"].startswith("text/event-stream")
    found = events(reply.text)
    names = [name for name, _ in found]
    assert names == ["trace", *["text"] * (len(names) - 2), "answer"]
    answer = found[-1][1]
    assert "".join(piece for name, piece in found if name == "text") == answer["text"]
    assert found[0][1]["answer"] is None
    assert (
        api.post("/api/v1/ask", json={"question": QUESTION}).json()["answer"]["text"]
        == (answer["text"])
    )


@pytest.mark.parametrize("path", ["search", "ask"])
@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        ({"question": ""}, "invalid", "body.question"),
        ({"question": "x", "colour": "red"}, "invalid", "body.colour"),
        ({"question": "x" * 100_000}, "request", "max_question_characters"),
        ({"question": "x", "settings": {"poool": 1}}, "option", "did you mean pool?"),
        ({"question": "x", "settings": {"llm_base_url": "http://evil"}}, "option", "llm_base_url"),
        ({"question": "x", "settings": {"library": "/etc"}}, "option", "library"),
        ({"question": "x", "documents": ["nothing.pdf"]}, "filter", "nothing.pdf"),
    ],
)
def test_what_is_wrong_is_a_problem(api: TestClient, path: str, body, kind: str, words: str):
    reply = api.post(f"/api/v1/{path}", json=body)
    assert reply.status_code == 422
    assert reply.headers["content-type"] == "application/problem+json"
    problem = reply.json()
    assert problem["type"] == f"urn:ranklens:problem:{kind}"
    assert problem["status"] == 422
    assert words in problem["detail"]


def test_questions_are_logged_as_the_api_s(api: TestClient, stocked: Library):
    api.post("/api/v1/search", json={"question": "Where is the comet?"})
    api.post("/api/v1/ask", json={"question": "Where is the sun?", "stream": True})
    logged = {entry.question: entry for entry in stocked.question_log.entries()}
    assert logged["Where is the comet?"].origin == "api"
    assert logged["Where is the sun?"].generator == "extractive"


def test_where_a_passage_went(api: TestClient, stocked: Library):
    body = {"question": QUESTION, "words": "comet tail"}
    report = api.post("/api/v1/where", json=body).json()
    assert report["passage"]["document"] == "comet.txt"
    assert [place["stage"] for place in report["way"]["places"]][:2] == ["dense", "lexical"]
    assert report["way"]["removal"]["words"]
    trace = to_dict(stocked.search(QUESTION))
    again = {"trace": trace, "passage": report["passage"]["id"]}
    assert api.post("/api/v1/where", json=again).json() == report


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"question": "moon", "passage": "none"}, 404),
        ({"question": "moon", "words": "zzz"}, 404),
        ({"trace": {"question": 1}, "words": "moon"}, 422),
    ],
)
def test_a_passage_that_is_not_there(api: TestClient, body, status: int):
    assert api.post("/api/v1/where", json=body).status_code == status


def test_an_empty_library_says_so_without_its_folder(library: Library, client_of):
    reply = client_of(library).post("/api/v1/search", json={"question": "moon"})
    assert reply.status_code == 409
    assert "no document in the library can be asked" in reply.json()["detail"]


def test_pipelines_are_compared_side_by_side(api: TestClient, stocked: Library):
    stocked.judge(QUESTION, stocked.search(QUESTION).evidence[0].chunk, 3, judge="compare")
    body = {"question": QUESTION, "pipelines": ["none", "wide:pool=80,top=2"], "answers": True}
    found = api.post("/api/v1/compare", json=body).json()
    assert [side["pipeline"] for side in found["pipelines"]] == ["none", "wide"]
    assert [len(from_dict(side["trace"]).evidence) for side in found["pipelines"]] == [3, 2]
    assert all(side["trace"]["answer"]["text"] for side in found["pipelines"])
    assert [side["ndcg@10"] for side in found["pipelines"]] == [1.0, 1.0]
    assert found["judged"]
    for judgement in stocked.judgements.all():
        judging.remove(stocked, judgement.id)
    unjudged = api.post("/api/v1/compare", json={"question": QUESTION}).json()
    assert [side["ndcg@10"] for side in unjudged["pipelines"]] == [None]
    refused = api.post(
        "/api/v1/compare",
        json={"question": QUESTION, "pipelines": ["llm_base_url=http://evil"]},
    )
    assert refused.status_code == 422


def test_texts_of_the_caller_are_ranked(api: TestClient, stocked: Library):
    body = {"question": QUESTION, "texts": ["A comet is far.", "A probe is near the moon."]}
    ours = stocked.rerank(**body, reranker="maxsim")
    reply = api.post("/api/v1/texts/rerank", json=body | {"settings": {"reranker": "maxsim"}})
    found = reply.json()
    assert [one["index"] for one in found["ranked"]] == [one.index for one in ours.ranked]
    assert found["ranked"][0]["score"] == pytest.approx(ours.ranked[0].score)
    assert (found["reranker"], found["cut"]) == ("maxsim", [])
    for settings, problem in (({"reranker": "none"}, "option"), ({"llm_model": "m"}, "option")):
        reply = api.post("/api/v1/texts/rerank", json=body | {"settings": settings})
        assert reply.json()["type"] == f"urn:ranklens:problem:{problem}"
