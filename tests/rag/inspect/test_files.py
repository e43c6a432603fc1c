import json

import pytest

from rag import trace as traces
from rag.errors import RanklensError
from rag.inspect.files import opened
from tests.ui.fakes import FakeAnswering, trace_of


def whole():
    trace = trace_of("How?")
    answering = FakeAnswering(trace)
    list(answering)
    return trace.with_answer(answering.answer)


def test_a_saved_trace_opens_as_it_was():
    assert opened("t.json", traces.to_json(whole()).encode()) == whole()
    assert opened("t.json", b"\xef\xbb\xbf" + traces.to_json(whole()).encode()) == whole()


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"[]", b"7", b"null", b"\xff\xfe", b'{"question": "q"}', b"[" * 100_000],
    ids=["empty", "half", "list", "number", "null", "bytes", "nothing else", "deep"],
)
def test_what_is_no_trace_is_named_with_what_to_do(data):
    with pytest.raises(RanklensError, match=r"^t\.json cannot be opened: .*save one with Trace"):
        opened("t.json", data)


def change(path, value):
    data = traces.to_dict(whole())
    *steps, last = path
    inner = data
    for step in steps:
        inner = inner[step]
    inner[last] = value
    return json.dumps(data).encode()


@pytest.mark.parametrize(
    ("path", "value", "wrong"),
    [
        (["question"], 3, "question"),
        (["settings"], [], "settings"),
        (["settings", "top"], "many", "top"),
        (["settings", "threshold"], "high", "threshold"),
        (["settings", "within"], {"documents": 5}, "filter"),
        (["settings", "within"], {"documents": [], "types": [], "since": "soon"}, "filter"),
        (["stages"], [], "no stages"),
        (["stages"], {}, "no stages"),
        (["stages", 0, "name"], None, "name"),
        (["stages", 0, "seconds"], "long", "stages.0.seconds"),
        (["stages", 0, "hits", 1, "rank"], 7, "rank 2"),
        (["stages", 0, "hits", 0, "score"], float("nan"), "rank 1"),
        (["stages", 0, "hits", 0, "chunk", "text"], None, "chunk.text"),
        (["stages", 0, "hits", 0, "chunk", "page"], "one", "chunk.page"),
        (["answer", "text"], 5, "answer"),
        (["answer", "details"], [], "mapping"),
        (["answer", "citations", 0, "number"], "1", "citation"),
    ],
)
def test_every_part_is_looked_at(path, value, wrong):
    with pytest.raises(RanklensError, match=rf"^t\.json cannot be opened: .*{wrong}"):
        opened("t.json", change(path, value))
