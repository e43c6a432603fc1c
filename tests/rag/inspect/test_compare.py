from rag.inspect import compare
from rag.inspect.compare import ABSENT, SettingDifference, StageTimes
from rag.types import Answer, Stage, Trace, ranked
from tests.fakes import make_chunk

A, B, C, D = (make_chunk(name) for name in "abcd")


def trace(order, seconds=1.0, answer=None, more=(), **settings):
    hits = ranked((chunk, 1.0 - n / 10) for n, chunk in enumerate(order))
    stages = (Stage("dense", hits, 0.5), *more, Stage("reranked", hits, seconds))
    return Trace("q", {"top": 2} | settings, stages, answer)


def test_settings_that_differ_are_told_and_the_others_not():
    first = trace([A], pool=50, reranker="none", threshold=None)
    second = trace([A], pool=20, reranker="none", extra=1)
    assert compare.differences(first, second) == [
        SettingDifference("extra", ABSENT, 1),
        SettingDifference("pool", 50, 20),
        SettingDifference("threshold", None, ABSENT),
    ]
    assert compare.differences(first, first) == []


def test_each_passage_entered_left_rose_or_fell():
    moves = {m.chunk.id: m for m in compare.moved(trace([A, B, C]), trace([C, A, D]))}
    assert list(moves) == ["c", "a", "d", "b"]
    told = {name: (m.before, m.after, m.direction, m.crossing) for name, m in moves.items()}
    assert told == {
        "c": (3, 1, "rose", "entered"),
        "a": (1, 2, "fell", ""),
        "d": (None, 3, "rose", ""),
        "b": (2, None, "fell", "dropped"),
    }


def test_evidence_is_each_trace_s_own():
    moves = compare.moved(trace([A, B]), trace([A, B], threshold=0.95))
    assert [(m.chunk.id, m.crossing) for m in moves] == [("a", ""), ("b", "dropped")]


def test_times_stand_side_by_side_and_what_did_not_run_is_empty():
    written = Answer("", (), "x", False, 2.0)
    wider = Stage("expanded", (), 0.25)
    found = compare.times(trace([A]), trace([A], 3.0, written, (wider,)))
    assert found == [
        StageTimes("dense", 0.5, 0.5),
        StageTimes("expanded", None, 0.25),
        StageTimes("reranked", 1.0, 3.0),
        StageTimes("answer", None, 2.0),
        StageTimes("whole", 1.5, 5.75),
    ]


def test_empty_traces_differ_in_nothing():
    empty = Trace("q", {}, ())
    assert compare.moved(empty, empty) == []
    assert compare.times(empty, empty) == [StageTimes("whole", 0.0, 0.0)]
