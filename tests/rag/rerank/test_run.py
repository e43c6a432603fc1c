import math
import re
import time

import pytest

from rag.errors import SettingsError
from rag.rerank import table
from rag.rerank.base import Context, Entry
from rag.types import Candidate
from tests.fakes import OverlapReranker, WordEncoder, make_chunk, make_pool
from tests.rag.rerank.conftest import ids
from tests.rag.rerank.fakes import Counted, Hangs, Scripted


def test_the_pool_is_ranked_by_the_rerankers_scores(run):
    pool = [
        Candidate(make_chunk("x", "the sun"), 0, 0, 3.0),
        Candidate(make_chunk("y", "mars has an orbit"), 0, 0, 2.0),
        Candidate(make_chunk("z", "an orbit"), 0, 0, 1.0),
    ]
    stage = run(OverlapReranker(), pool)
    assert [(h.chunk.id, h.score) for h in stage.hits] == [("y", 2.0), ("z", 1.0), ("x", 0.0)]
    assert stage.name == "reranked"
    assert (stage.reranker, stage.details) == ("scripted", {"pairs": 3})
    assert not stage.fell_back


def test_ties_keep_the_fused_order(run):
    assert ids(run(Scripted([1.0, 1.0, 1.0]), make_pool("c", "a", "b"))) == ["c", "a", "b"]


def test_an_empty_pool_calls_nothing(run):
    stage = run(Scripted(RuntimeError("must not be called")), [])
    assert (stage.hits, stage.fell_back) == ((), False)


def test_no_reranker_keeps_the_fused_order_and_scores(run):
    stage = run(None, make_pool("a", "b"))
    assert [(h.chunk.id, h.score) for h in stage.hits] == [("a", 2.0), ("b", 1.0)]
    assert (stage.fell_back, stage.details["pairs"]) == (False, 0)


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (RuntimeError("boom"), "scripted failed (RuntimeError: boom)"),
        ([1.0], "1 score for 2 passages"),
        ([1.0, math.nan], "not a finite number"),
        ([math.inf, 1.0], "not a finite number"),
        (["x", "y"], "ValueError"),
        (None, "TypeError"),
    ],
)
def test_whatever_goes_wrong_the_fused_order_stands_with_the_reason(scores, reason, run):
    stage = run(Scripted(scores), make_pool("a", "b"))
    assert [(h.chunk.id, h.score) for h in stage.hits] == [("a", 2.0), ("b", 1.0)]
    assert stage.fell_back
    assert stage.note.startswith("fell back to the fused order: ")
    assert reason in stage.note


def test_a_reranker_that_hangs_is_cut_off(run):
    started = time.perf_counter()
    stage = run(Hangs(), make_pool("a", "b"), rerank_seconds=0.2)
    assert time.perf_counter() - started < 2
    assert stage.fell_back
    assert re.search(r"within 0\.\d+ s", stage.note)
    assert ids(stage) == ["a", "b"]


def test_the_next_of_the_chain_ranks_instead(run):
    others = {"second": Scripted(RuntimeError("also")), "third": Scripted([1.0, 2.0])}
    stage = run(
        Scripted(RuntimeError("boom")),
        make_pool("a", "b"),
        others=others,
        rerank_fallbacks="second, third",
    )
    assert ids(stage) == ["b", "a"]
    assert not stage.fell_back
    assert stage.reranker == "third"
    assert stage.note.startswith("third ranked instead of scripted, second: ")
    assert "boom" in stage.note


def test_a_chain_shares_the_deadline(run):
    started = time.perf_counter()
    stage = run(
        Hangs(),
        make_pool("a", "b"),
        others={"second": Scripted([1.0, 2.0])},
        rerank_fallbacks="second",
        rerank_seconds=2.5,
    )
    assert time.perf_counter() - started < 2.5
    assert ids(stage) == ["b", "a"]


def test_a_provider_that_keeps_failing_is_left_alone(run, rerankers):
    dead = Counted()
    dead.score = lambda query, texts: dead.asked.append(query) or 1 / 0
    pool = make_pool("a", "b")
    notes = [run(dead, pool, remote=True).note for _ in range(5)]
    assert len(dead.asked) == 3
    assert "failed 3 times in a row; next try in" in notes[-1]
    rerankers.breaker._clock = lambda: time.monotonic() + 61
    run(dead, pool, remote=True)
    run(dead, pool, remote=True)
    assert len(dead.asked) == 4  # one more try after the pause, and its failure starts the next


def test_a_provider_that_hangs_counts_as_failing(run, rerankers):
    for _ in range(3):
        run(Hangs(), make_pool("a"), remote=True, rerank_seconds=0.05)
    assert rerankers.breaker.refusal("scripted")


def test_a_wrong_name_is_refused_even_for_a_fallback(run):
    with pytest.raises(SettingsError, match="'thrid'"):
        run(Scripted([1.0]), make_pool("a"), others={}, rerank_fallbacks="thrid")


def test_many_questions_take_one_pass(base, rerankers, monkeypatch):
    class Batched(Counted):
        def score_many(self, asked):
            self.asked.append(asked)
            return [OverlapReranker.score(self, query, texts) for query, texts in asked]

    batched = Batched()
    monkeypatch.setitem(table.TABLE, "batched", Entry("batched", "", lambda _c: batched))
    context = Context(base.updated(reranker="batched"), WordEncoder())
    pools = [[Candidate(make_chunk(n, n), 0, 0, 0.0) for n in ("mars", "sun")], make_pool("x"), []]
    asked = list(zip(["the sun", "x", "none"], pools, strict=True))
    stages = rerankers.rank_many(asked, context)
    assert len(batched.asked) == 1
    assert [ids(stage) for stage in stages] == [["sun", "mars"], ["x"], []]
    assert [ids(rerankers.rank(q, p, context)) for q, p in asked] == [ids(s) for s in stages]


def test_many_questions_that_fail_together_are_ranked_one_by_one(base, rerankers, monkeypatch):
    class FailsOnce(OverlapReranker):
        def score(self, query, texts):
            if query == "bad":
                raise RuntimeError("bad")
            return super().score(query, texts)

    monkeypatch.setitem(table.TABLE, "f", Entry("f", "", lambda _c: FailsOnce()))
    context = Context(base.updated(reranker="f"), WordEncoder())
    asked = [("bad", make_pool("a")), ("sun", make_pool("moon", "sun"))]
    bad, good = rerankers.rank_many(asked, context)
    assert (bad.fell_back, good.fell_back) == (True, False)
    assert ids(good) == ["sun", "moon"]
