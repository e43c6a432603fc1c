import json

import pytest

from rag.errors import RanklensError
from rag.trace import from_json, to_dict, to_json
from rag.types import Answer, Check, Citation, Rewriting, Stage, Trace, ranked
from tests.fakes import make_chunk

CHUNK = make_chunk("c1", "Zwölf Monde 月", page=2, heading=("One", "Two"))
TRACE = Trace(
    question="How many?",
    settings={"pool": 50, "top": 5, "threshold": None},
    stages=(
        Stage("dense", ranked([(CHUNK, 0.5)]), 0.01),
        Stage(
            "reranked",
            ranked([(CHUNK, 1.5)]),
            0.2,
            "because",
            True,
            "late-interaction",
            details={"pairs": 1},
        ),
    ),
    answer=Answer(
        "Twelve [1].",
        (Citation(1, "c1", 7, 10, 0, 5),),
        "extractive",
        False,
        0.1,
        checks=(Check(0, 6, "doubtful", "the number"),),
        thinking="Is it 12?",
        left_out=(4, 5),
        details={"n": 1},
    ),
    rewriting=Rewriting("And how many?", "rule", 0.001),
)


def test_a_trace_survives_saving_and_loading():
    assert from_json(to_json(TRACE)) == TRACE


def test_the_outside_form_is_the_documented_one():
    data = to_dict(TRACE)
    assert {*data} == {
        *("question", "settings", "settings_digest", "stages", "answer", "rewriting", "widened")
    }
    stage = data["stages"][1]
    assert {"name", "seconds", "note", "hits"} <= {*stage}
    assert stage["hits"] == [
        {
            "rank": 1,
            "score": 1.5,
            "chunk": {
                "id": "c1",
                "document": "a.txt",
                "page": 2,
                "start": 0,
                "end": len("Zwölf Monde 月"),
                "heading": ["One", "Two"],
                "context": "",
                "text": "Zwölf Monde 月",
            },
        }
    ]
    assert {"text", "citations", "generator", "refused", "seconds"} <= {*data["answer"]}


def test_a_trace_without_an_answer_says_null():
    trace = Trace("q", {}, ())
    assert json.loads(to_json(trace))["answer"] is None
    assert from_json(to_json(trace)) == trace


def test_unknown_keys_are_left_alone():
    data = to_dict(TRACE) | {"from_the_future": 1}
    assert from_json(json.dumps(data)) == TRACE


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"question": 1}', "null", "nonsense"])
def test_what_is_no_trace_is_refused(text):
    with pytest.raises(RanklensError, match="not a trace"):
        from_json(text)


def test_a_trace_of_an_older_version_is_brought_into_todays_form():
    data = to_dict(TRACE)
    rewritten = {"asked": "And how many?", "question": "How many?", "how": "rule"}
    stage = {"name": "rewritten", "seconds": 0.001, "note": "by a rule", "hits": []}
    for one in data["stages"]:
        one["details"] = {"reranker": one.pop("reranker"), **one["details"]}
        del one["skipped"]
    answer = data["answer"]
    answer["details"] |= {
        "checks": json.dumps(answer.pop("checks")),
        "thinking": answer.pop("thinking"),
        "left_out": ", ".join(map(str, answer.pop("left_out"))),
    }
    del data["rewriting"]
    data["stages"] = [{**stage, "details": rewritten}, *data["stages"]]
    assert from_json(json.dumps(data)) == TRACE
