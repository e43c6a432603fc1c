from __future__ import annotations

import math
import threading
from dataclasses import replace

import pytest

from rag.errors import SettingsError
from rag.evaluate.experiments.side_by_side import PipelineOutcome, SideBySide, compare, pipelines
from rag.evaluate.progress import Interrupted
from rag.llm.prices import dollars, spent
from rag.settings import Settings
from rag.types import Chunk, Stage, Trace, ranked
from tests.rag.evaluate.made import FakePipeline

A, B, C, D = (Chunk(name, f"{name}.txt", 0, 4, "text") for name in "abcd")
BOTH = {"none": {"reranker": "none"}, "late": {"reranker": "auto"}}


def stage(name: str, *chunks: Chunk, **more: object) -> Stage:
    scores = range(len(chunks), 0, -1)
    hits = ranked(zip(chunks, map(float, scores), strict=True))
    return Stage(name, hits, 0.1, **more)  # type: ignore[arg-type]


def side(name: str, *order: Chunk, fused: tuple[Chunk, ...] = (A, B, C, D)) -> PipelineOutcome:
    return PipelineOutcome(
        name, Trace("q", {"top": 2}, (stage("fused", *fused), stage("reranked", *order)))
    )


def test_a_frozen_pool_is_retrieved_once_for_all():
    pipeline = FakePipeline(Settings())
    sides = compare(pipeline, BOTH, "what about 4", one_pool=True).sides
    assert [one.name for one in sides] == ["none", "late"]
    assert pipeline.retrieved == ["what about 4"]
    pools = [{hit.chunk.id for hit in one.last} for one in sides]
    assert pools[0] == pools[1]
    compare(pipeline, BOTH, "what about 4")
    assert len(pipeline.retrieved) == 1, "each searches for itself"


def test_models_are_loaded_before_anything_is_timed():
    pipeline = FakePipeline(Settings())
    compare(pipeline, BOTH, "what about 4")
    assert pipeline.loaded == [("none", 0), ("auto", 0)]


def test_frozen_pipelines_share_all_that_decides_on_the_candidates():
    variants = {
        "a": {"pool": 20, "expansion": "feedback", "feedback_words": 7},
        "b": {"pool": 99, "hops": 2, "reranker": "none"},
    }
    made, note = pipelines(FakePipeline(Settings()), variants, frozen=True)
    first, second = (one.settings for one in made.values())
    assert (second.pool, second.expansion, second.feedback_words) == (20, "feedback", 7)
    assert (first.hops, second.hops, second.reranker) == (1, 1, "none")
    assert "no second hop" in note
    assert pipelines(FakePipeline(Settings()), variants, frozen=False)[1] == ""
    with pytest.raises(SettingsError):
        pipelines(FakePipeline(Settings()), {}, frozen=True)


def test_a_side_that_fails_says_why_and_a_stop_is_heard():
    failed, _ = compare(FakePipeline(Settings()), BOTH, "fail 1").sides
    assert (failed.trace, failed.problem) == (None, "nothing could be searched")
    assert (failed.last, failed.cost, failed.fell_back) == ((), None, [])
    stop = threading.Event()
    stop.set()
    with pytest.raises(Interrupted, match="after 1 of 2"):
        compare(FakePipeline(Settings()), BOTH, "what about 4", stop=stop)


def test_answers_come_with_the_traces_on_request():
    sides = compare(FakePipeline(Settings()), BOTH, "what about 4", answers=True).sides
    assert all(one.trace and one.trace.answer and one.trace.answer.text == "x" for one in sides)


def test_scores_by_hand():
    """B is relevant (2) and D (1); the ideal DCG is 2 + 1/log2(3)."""
    first, second = side("first", B, A, C, D), side("second", D, C, B, A)
    ideal = 2 + 1 / math.log2(3)
    found = SideBySide("q", (first, second)).scores({"b": 2, "d": 1, "a": 0}, "passage")
    assert found is not None
    assert found.sides["first"] == pytest.approx((2 + 1 / math.log2(5)) / ideal)
    assert found.sides["second"] == pytest.approx((1 + 2 / math.log2(4)) / ideal)
    fused = (2 / math.log2(3) + 1 / math.log2(5)) / ideal
    assert found.baselines["fused"] == pytest.approx(fused)
    assert found.baselines["oracle"] == pytest.approx(1.0)
    assert 0 < found.baselines["random"] < 1
    assert SideBySide("q", (first,)).scores({"b": 0}, "passage") is None
    failed = PipelineOutcome("x", None, "why")
    assert SideBySide("q", (failed,)).scores({"b": 2}, "passage") is None
    by_document = SideBySide("q", (first,)).scores({"b.txt": 2, "d.txt": 1}, "document")
    assert by_document is not None
    assert by_document.sides == {"first": found.sides["first"]}


def test_the_order_before_reranking_is_the_pools():
    # D was found but is not among the candidates.
    assert [h.chunk.id for h in side("x", C, B, A).pool] == ["a", "b", "c"]


def test_a_ranking_is_compared_with_the_first_one():
    first, second = side("x", A, B, C, D), side("y", A, B, D, C)
    failed = PipelineOutcome("z", None)
    made = SideBySide("q", (first, second, failed))
    found = made.likeness(second)
    assert found is not None
    assert found.tau == pytest.approx(4 / 6)  # five pairs agree, one does not
    assert (found.overlap, found.same_pool) == (1.0, True)
    assert made.likeness(failed) is made.likeness(first) is None


def test_cost_is_the_sum_and_unknown_where_one_is():
    assert spent([{}, {"pairs": 4}]) == 0
    assert spent([{"calls": 1, "cost_usd": 0.5}, {"cost_usd": 0.25}]) == 0.75
    assert spent([{"calls": 2}, {"cost_usd": 0.25}]) is None
    one = side("x", A)
    assert one.trace is not None
    paid = stage("reranked", A, details={"calls": 1, "cost_usd": 0.5})
    assert replace(one, trace=replace(one.trace, stages=(paid,))).cost == 0.5


@pytest.mark.parametrize(
    ("cost", "said"),
    [
        (None, "not known"),
        (0, "$0"),
        (0.00213, "$0.0021"),
        (0.0999, "$0.10"),
        (1234.5, "$1,234.50"),
    ],
)
def test_dollars(cost: float | None, said: str):
    assert dollars(cost) == said
