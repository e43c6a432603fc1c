"""Judgements, question sets, evaluations and jobs over HTTP."""

from __future__ import annotations

import io
import json
from zipfile import ZipFile

import pytest
from starlette.testclient import TestClient

from ranklens.library import Library
from tests.serve.conftest import MakeClient, open_library, stock
from tests.serve.test_questions import events
from tests.servers.chat_server import ChatServer

QUESTIONS = [
    {"id": "a", "text": "Which probe landed on the moon?"},
    {"id": "b", "text": "What is near the sun?"},
]


@pytest.fixture(scope="module")
def own(tmp_path_factory) -> Library:
    """A stocked library that this module changes."""
    folder = tmp_path_factory.mktemp("measured")
    with open_library(folder) as library:
        stock(library, folder)
        yield library


@pytest.fixture
def api(own: Library, client_of: MakeClient) -> TestClient:
    return client_of(own)


def done(api: TestClient, job: dict) -> dict:
    """Follow a job to its end."""
    name, state = events(api.get(f"/api/v1/jobs/{job['id']}/events").text)[-1]
    assert name == "done"
    return state


def passage(api: TestClient, words: str) -> str:
    return api.get("/api/v1/passages", params={"words": words}).json()[0]["id"]


def grade(api: TestClient, question: str, words: str, grade: int = 3, **more):
    body = {"question": question, "passage": passage(api, words), "grade": grade, **more}
    return api.post("/api/v1/judgements", json=body)


@pytest.fixture
def judged(api: TestClient) -> str:
    """A question set whose questions are judged."""
    assert api.put("/api/v1/question-sets/space/one", json={"questions": QUESTIONS}).json() == {
        "name": "space/one", "questions": 2, "collection": ""
    }  # fmt: skip
    grade(api, QUESTIONS[0]["text"], "probe landed")
    grade(api, QUESTIONS[1]["text"], "comet tail")
    return "space/one"


def test_a_judgement_is_made_listed_and_removed(api: TestClient):
    reply = grade(api, "Where is mars?", "mars has two", 2, judge="ann", note="fits")
    assert reply.status_code == 201
    asked = {"question": "Where is  mars?"}
    (made,) = api.get("/api/v1/judgements", params=asked).json()
    assert api.get("/api/v1/judgements", params=asked | {"offset": 1}).json() == []
    assert (made["document"], made["grade"], made["judge"]) == ("mars.txt", 2, "ann")
    agreement = api.get("/api/v1/judgements/agreement").json()
    assert "ann" in [one["judge"] for one in agreement["judges"]]
    assert api.delete(f"/api/v1/judgements/{made['id']}").status_code == 204
    assert api.delete(f"/api/v1/judgements/{made['id']}").status_code == 404
    assert grade(api, "Where is mars?", "mars", 4).status_code == 422


def test_judgements_travel_as_files(api: TestClient, judged: str):
    table = api.get("/api/v1/judgements/file")
    assert table.headers["content-type"].startswith("text/csv")
    qrels = api.get("/api/v1/judgements/file", params={"form": "qrels", "set": judged})
    assert qrels.text.startswith("a 0 ")
    for name, text, data in (("j.csv", table.text, {}), ("j.txt", qrels.text, {"set": judged})):
        reply = api.post("/api/v1/judgements/file", files={"file": (name, text)}, data=data)
        assert reply.status_code == 201, reply.text
        assert reply.json()["judgements"] >= 2
    faulty = api.post("/api/v1/judgements/file", files={"file": ("j.csv", "question\nx")})
    assert faulty.status_code == 422
    assert api.get("/api/v1/judgements/file", params={"form": "qrels"}).status_code == 404


def test_question_sets(api: TestClient):
    lines = "\n".join(json.dumps({"question": text}) for text in ("Is it red?", "Is it far?"))
    reply = api.post("/api/v1/question-sets", files={"files": ("colours.jsonl", lines)})
    assert reply.json() == {"name": "colours", "questions": 2, "judgements": 0}
    held = api.get("/api/v1/question-sets/colours").json()
    assert [one["text"] for one in held] == ["Is it red?", "Is it far?"]
    assert {"name": "colours", "questions": 2, "collection": ""} in api.get(
        "/api/v1/question-sets"
    ).json()
    assert api.delete("/api/v1/question-sets/colours").status_code == 204
    assert api.delete("/api/v1/question-sets/colours").status_code == 404
    assert api.get("/api/v1/question-sets/colours").status_code == 404
    twice = {"questions": [QUESTIONS[0], QUESTIONS[0]]}
    assert api.put("/api/v1/question-sets/x", json=twice).status_code == 422


def test_an_evaluation_is_a_job_with_figures(api: TestClient, own: Library, judged: str):
    body = {"questions": judged, "pipelines": ["none", "deep:pool=60"]}
    reply = api.post("/api/v1/evaluations", json=body)
    assert reply.status_code == 202
    state = done(api, reply.json())
    assert (state["kind"], state["running"], state["error"]) == ("measure", False, "")
    figures = api.get(state["result"]).json()
    assert list(figures["pipelines"]) == ["none", "deep"]
    last = api.get(
        "/api/v1/evaluations/last",
        params={"metric": "ndcg@3", "gate": ["fused.ndcg@10>=0.5", "fused.ndcg@10>=1.1"]},
    ).json()
    assert last["figures"]["stages"]["fused"]["ndcg@3"]
    assert [gate["passed"] for gate in last["gates"]] == [True, False]
    report = api.get("/api/v1/evaluations/last/report")
    assert report.headers["content-disposition"].startswith("attachment")
    assert "<html" in report.text
    assert api.get("/api/v1/evaluations/last/rankings").content[:2] == b"\x1f\x8b"
    assert state in api.get("/api/v1/jobs").json()
    held = api.get("/api/v1/evaluations").json()
    assert held[0]["name"] == judged
    assert [one["name"] for one in held[0]["pipelines"]] == ["none", "deep"]
    assert api.get("/api/v1/evaluations", params={"questions": "nothing"}).json() == []
    path = f"/api/v1/evaluations/{held[0]['id']}"
    assert api.get(path).json()["figures"]["questions"] == held[0]["questions"]
    assert api.delete(path).status_code == 204
    assert api.get(path).status_code == 404
    assert len(api.get("/api/v1/evaluations").json()) == len(held) - 1


def test_an_evaluation_is_replayed_and_its_runs_are_files(api: TestClient, judged: str):
    done(api, api.post("/api/v1/evaluations", json={"questions": judged}).json())
    saved = api.get("/api/v1/evaluations/last/rankings").content
    before = api.get("/api/v1/jobs").json()

    def replay(data: bytes = saved, name: str = "r.json.gz", **params: object):
        files = {"file": (name, data)}
        return api.post("/api/v1/evaluations/replay", files=files, params=params)

    last = api.get("/api/v1/evaluations/last", params={"metric": "ndcg@3"}).json()
    assert replay(metric="ndcg@3").json()["figures"]["stages"] == last["figures"]["stages"]
    assert [one["passed"] for one in replay(gate="fused.ndcg@10>=1.1").json()["gates"]] == [False]
    assert "<html" in replay(form="report").text
    (runs,) = {api.get("/api/v1/evaluations/last/runs").content, replay(form="runs").content}
    with ZipFile(io.BytesIO(runs)) as files:
        assert "current.dense.run" in files.namelist()
        assert files.read("current.dense.run").startswith(b"a Q0 ")
    for data, name in ((b"{}", "r.json"), (b"{}", "r.json.gz"), (saved[:99], "r.json.gz")):
        assert replay(data, name).status_code == 422
    assert api.get("/api/v1/jobs").json() == before


def test_questions_themselves_can_be_measured(api: TestClient, judged: str):
    body = {"questions": [QUESTIONS[0]["text"]], "limit": 5}
    state = done(api, api.post("/api/v1/evaluations", json=body).json())
    assert api.get(state["result"]).json()["questions"] == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"questions": "nothing"}, 404),
        ({"questions": "/etc"}, 404),
        ({"questions": "space/one", "pipelines": ["nothing"]}, 422),
        ({"questions": "space/one", "pipelines": ["llm_base_url=http://evil"]}, 422),
        ({"questions": "space/one", "limit": 0}, 422),
        ({}, 422),
    ],
)
@pytest.mark.parametrize("path", ["evaluations", "fits"])
def test_what_cannot_be_measured(api: TestClient, judged: str, path: str, body, status: int):
    if "pipelines" in body and path == "fits":
        body = {"questions": body["questions"], "pipeline": body["pipelines"][0]}
    reply = api.post(f"/api/v1/{path}", json=body)
    assert reply.status_code == status
    assert "/" not in reply.json()["detail"].replace("space/one", "").replace("/etc", "").replace(
        "http://evil", ""
    )


def test_a_job_that_fails_gives_its_reason(api: TestClient, judged: str):
    reply = api.post("/api/v1/fits", json={"questions": judged})
    state = done(api, reply.json())
    assert "too few" in state["error"] or "at least" in state["error"]
    assert state["result"] is None
    result = api.get(f"/api/v1/jobs/{state['id']}/result")
    assert result.status_code == 422
    assert result.json()["detail"] == state["error"]


def test_a_fit_returns_its_parts(api: TestClient):
    texts = [f"{word} {n}?" for n in range(4) for word in ("moon probe", "comet sun")]
    for text in texts:
        grade(api, text, "probe landed" if "probe" in text else "comet tail")
    state = done(api, api.post("/api/v1/fits", json={"questions": texts}).json())
    found = api.get(state["result"]).json()
    assert found["questions"] == 8
    assert "Fusion weights" in found["parts"]
    assert found["summary"][0]["part"] == "Fusion weights"


def test_advice_is_a_job_with_a_point_for_every_pool(api: TestClient, judged: str):
    body = {"questions": judged, "rerankers": ["late-interaction"], "pools": [2, 3]}
    state = done(api, api.post("/api/v1/advice", json=body).json())
    found = api.get(state["result"]).json()
    assert [point["pool"] for point in found["points"]] == [2, 3]
    assert found["advice"] in ("worth it", "not shown", "not worth it")


@pytest.mark.parametrize(
    "wrong",
    [
        {"rerankers": ["cross-encoder:/etc"]},
        {"rerankers": ["nothing"]},
        {"pools": [0]},
        {"pools": []},
        {"percentile": 50},
        {"budget_ms": 0},
    ],
)
def test_advice_that_cannot_be_given(api: TestClient, judged: str, wrong):
    body = {"questions": judged, "rerankers": ["late-interaction"], **wrong}
    assert api.post("/api/v1/advice", json=body).status_code == 422


def test_one_job_at_a_time_and_it_can_be_stopped(api: TestClient, own: Library, judged: str):
    own.jobs.start("slow", "waiting", lambda job: job.stop.wait(20))
    (slow,) = [job for job in api.get("/api/v1/jobs").json() if job["kind"] == "slow"]
    assert slow["running"]
    busy = api.post("/api/v1/evaluations", json={"questions": judged})
    assert busy.status_code == 409
    assert api.get(f"/api/v1/jobs/{slow['id']}/result").status_code == 409
    assert api.post(f"/api/v1/jobs/{slow['id']}/stop").status_code == 202
    assert done(api, slow)["state"] == "stopped"
    assert api.get(f"/api/v1/jobs/{slow['id']}/result").status_code == 404
    assert api.get("/api/v1/jobs/none").status_code == 404


def test_a_model_s_work_needs_a_model(api: TestClient, judged: str):
    for path, body in (
        ("drafts", {"document": "moon.md"}),
        ("judgements/proposals", {"set": judged}),
    ):
        reply = api.post(f"/api/v1/{path}", json=body)
        assert reply.status_code == 422
        assert "model" in reply.json()["detail"]


def test_a_model_writes_questions_that_are_kept(tmp_path, client_of: MakeClient):
    written = [{"question": "What pulls the tide?", "quote": "The moon pulls the tide."}]
    with ChatServer(lambda *_: json.dumps(written)) as server, open_library(
        tmp_path, llm_model="m", llm_base_url=server.url, llm_api_key="k"
    ) as library:  # fmt: skip
        stock(library, tmp_path)
        api = client_of(library)
        state = done(api, api.post("/api/v1/drafts", json={"document": "moon.md"}).json())
        drafts = api.get(state["result"]).json()
        assert [one["question"] for one in drafts["written"]] == ["What pulls the tide?"]
        missing = api.post(f"/api/v1/drafts/{state['id']}", json={"set": "kept", "chosen": [7]})
        assert missing.status_code == 404
        kept = api.post(f"/api/v1/drafts/{state['id']}", json={"set": "kept"})
        assert kept.json() == {"name": "kept", "questions": 1, "collection": ""}
        (judgement,) = api.get("/api/v1/judgements").json()
        assert (judgement["source"], judgement["quote"]) == ("llm", "The moon pulls the tide.")


def test_the_name_of_a_folder_is_no_question_set(api: TestClient):
    reply = api.post("/api/v1/evaluations", json={"questions": "/etc"})
    assert reply.status_code == 404
    assert reply.json()["detail"].startswith("'/etc' is no question set of the library")


def test_the_most_useful_judgements_of_a_comparison(api: TestClient, judged: str):
    pipelines = ["dense:lexical_weight=0", "words:dense_weight=0"]
    asked = {"set": judged, "pipelines": pipelines}
    state = done(api, api.post("/api/v1/judgements/rankings", json=asked).json())
    assert state["error"] == ""
    found = api.get("/api/v1/judgements/useful", params={"job": state["id"], "most": 2}).json()
    assert found["set"] == judged
    assert {"question", "passage", "why", "weight", "chance"} == found["next"][0].keys()
    assert "words against dense" in found["standing"][0]
    gone = api.get("/api/v1/judgements/useful", params={"job": "gone"})
    assert gone.status_code == 404
    one = api.post("/api/v1/judgements/rankings", json=asked | {"pipelines": ["none"]})
    assert one.status_code == 422


def test_a_data_set_travels_as_an_archive(api: TestClient, judged: str):
    for form in ("beir", "parquet"):
        reply = api.get("/api/v1/datasets", params={"set": judged, "form": form})
        assert reply.headers["content-type"] == "application/zip"
        files = {"files": ("space.zip", reply.content)}
        asked = api.post("/api/v1/datasets", files=files, data={"name": f"back {form}"})
        state = done(api, asked.json())
        assert (state["kind"], state["error"]) == ("import", "")
        found = api.get(state["result"]).json()
        assert (found["name"], found["questions"], found["judgements"]) == (f"back {form}", 2, 2)
    assert api.get("/api/v1/datasets", params={"set": "gone"}).status_code == 404


def test_an_audit_without_a_model_s_grades_is_refused(api: TestClient, judged: str):
    asked = {"set": judged, "pipelines": ["none", "wide:pool=60"]}
    state = done(api, api.post("/api/v1/judgements/rankings", json=asked).json())
    reply = api.get("/api/v1/judgements/audit", params={"job": state["id"]})
    assert reply.status_code == 404
    assert "no model has graded" in reply.text


def test_answers_are_graded_only_with_a_model(api: TestClient, judged: str):
    reply = api.post("/api/v1/answer-grades", json={"set": judged})
    assert reply.status_code == 422
    assert "llm_model" in reply.text
