import math
import time

import pytest

from rag.rerank.base import Entry, blend, rerank
from rag.settings import Settings
from rag.types import Candidate
from tests.fakes import OverlapReranker, make_chunk, make_pool

SETTINGS = Settings()


class Scripted:
    """Gives the scores it was made with, or raises them."""

    def __init__(self, scores):
        self.scores = scores

    def score(self, query, texts):
        if isinstance(self.scores, Exception):
            raise self.scores
        return self.scores


def run(reranker, pool, settings=SETTINGS, blends=False, note=""):
    entry = Entry("scripted", "", lambda _context: reranker, blends=blends)
    return rerank("mars orbit", pool, entry, lambda: reranker, settings, note)


def ids(stage):
    return [h.chunk.id for h in stage.hits]


def test_the_pool_is_ranked_by_the_rerankers_scores():
    pool = [
        Candidate(make_chunk("x", "the sun"), 0, 0, 3.0),
        Candidate(make_chunk("y", "mars has an orbit"), 0, 0, 2.0),
        Candidate(make_chunk("z", "an orbit"), 0, 0, 1.0),
    ]
    stage = run(OverlapReranker(), pool)
    assert [(h.chunk.id, h.score) for h in stage.hits] == [("y", 2.0), ("z", 1.0), ("x", 0.0)]
    assert stage.name == "reranked"
    assert stage.details == {"reranker": "scripted", "pairs": 3}
    assert not stage.fell_back


def test_ties_keep_the_fused_order():
    assert ids(run(Scripted([1.0, 1.0, 1.0]), make_pool("c", "a", "b"))) == ["c", "a", "b"]


def test_an_empty_pool_calls_nothing():
    stage = run(Scripted(RuntimeError("must not be called")), [])
    assert (stage.hits, stage.fell_back) == ((), False)


def test_no_reranker_keeps_the_fused_order_and_scores():
    stage = run(None, make_pool("a", "b"))
    assert [(h.chunk.id, h.score) for h in stage.hits] == [("a", 2.0), ("b", 1.0)]
    assert not stage.fell_back


@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (RuntimeError("boom"), "scripted failed (RuntimeError: boom)"),
        ([1.0], "1 scores for 2 passages"),
        ([1.0, math.nan], "not a finite number"),
        ([math.inf, 1.0], "not a finite number"),
        (["x", "y"], "ValueError"),
        (None, "TypeError"),
    ],
)
def test_whatever_goes_wrong_the_fused_order_stands_with_the_reason(scores, reason):
    stage = run(Scripted(scores), make_pool("a", "b"), note="auto chose it")
    assert [(h.chunk.id, h.score) for h in stage.hits] == [("a", 2.0), ("b", 1.0)]
    assert stage.fell_back
    assert reason in stage.note
    assert stage.note.startswith("auto chose it; fell back to the fused order")


def test_a_reranker_that_hangs_is_cut_off():
    class Hangs:
        def score(self, query, texts):
            time.sleep(5)
            return [1.0, 2.0]

    started = time.perf_counter()
    stage = run(Hangs(), make_pool("a", "b"), Settings(rerank_seconds=0.2))
    assert time.perf_counter() - started < 2
    assert stage.fell_back
    assert "within 0.2 s" in stage.note
    assert ids(stage) == ["a", "b"]


def test_blending_worked_by_hand():
    pool = [
        Candidate(make_chunk("a"), dense=0.2, lexical=10.0, fused=1),
        Candidate(make_chunk("b"), dense=0.8, lexical=0.0, fused=1),
        Candidate(make_chunk("c"), dense=0.5, lexical=5.0, fused=1),
    ]
    settings = Settings(blend_dense=0.3, blend_lexical=0.3, blend_reranker=0.4)
    mixed = blend(pool, [0.0, 2.0, 4.0], settings)
    assert mixed == pytest.approx([0.3, 0.3 + 0.2, 0.15 + 0.15 + 0.4])
    stage = run(Scripted([0.0, 2.0, 4.0]), pool, settings, blends=True)
    assert ids(stage) == ["c", "b", "a"]
