from __future__ import annotations

import pytest

from rag.errors import RanklensError
from rag.evaluate.fitting.fit import (
    PrecisionRecall,
    blend_grid,
    blend_order,
    fit_threshold,
    fit_weights,
    fusion_grid,
    fusion_order,
    precision_recall,
    split,
)
from rag.settings import Settings
from tests.rag.evaluate.made import CHUNKS, FakePipeline, answer_of, questions


def test_halves_share_nothing_and_stay_the_same():
    first, second = split(questions(9))
    assert (len(first), len(second)) == (4, 5)
    assert sorted(first + second) == sorted(q.id for q in questions(9))
    assert split(questions(9)) == (first, second)
    with pytest.raises(RanklensError, match="too few"):
        split(questions(3))


def test_the_better_weights_are_found_and_hold_on_the_other_half():
    """Items come in order where w is above a half, else reversed; "a" is the relevant one."""
    asked = questions(20)
    grades = {q.id: {"a": 1} for q in asked}

    def order(question: str, weights: dict[str, float]) -> list[str]:
        return ["a", "b", "c"] if weights["w"] > 0.5 else ["c", "b", "a"]

    grid = [{"w": i / 10} for i in range(11)]
    found = fit_weights(order, grid, {"w": 0.0}, grades, split(asked))
    assert found.best == {"w": 0.6}
    assert found.trained == 1.0
    assert found.held_out.shown
    assert (found.held_out.questions, found.held_out.interval.mean) == (10, pytest.approx(0.5))
    kept = fit_weights(order, grid, {"w": 0.9}, grades, split(asked))
    assert kept.best == {"w": 0.9}, "without a gain nothing is changed"


def test_fusion_with_the_pipelines_own_weights_is_the_pipelines_order():
    pipeline = FakePipeline(Settings())
    traces = {q.id: pipeline.search(q.text) for q in questions(6)}
    order = fusion_order(pipeline, traces, "passage")
    only_dense = {"dense_weight": 1.0, "lexical_weight": 0.0}
    for name, trace in traces.items():
        dense = trace.stage("dense")
        assert dense is not None
        assert list(order(name, only_dense)) == [hit.chunk.id for hit in dense.hits]


def test_grids_add_up_to_one():
    assert len(fusion_grid()) == 11
    assert len(blend_grid()) == 66
    assert all(sum(w.values()) == pytest.approx(1) for w in (*fusion_grid(), *blend_grid()))


def test_the_curve_by_hand():
    scored = [(0.9, True), (0.8, False), (0.7, True), (0.7, False), (0.1, False)]
    assert precision_recall(scored, 4) == [
        PrecisionRecall(0.9, 1.0, 0.25), PrecisionRecall(0.7, 0.5, 0.5)
    ]  # fmt: skip
    assert PrecisionRecall(0.7, 0.5, 0.5).f1 == 0.5
    assert precision_recall([(1.0, False)], 1) == []


def test_a_threshold_that_parts_good_from_bad():
    """The reranker lifts the answers of two questions in three above all else: by 9."""
    asked = questions(30)
    pipeline = FakePipeline(Settings())
    traces = {q.id: pipeline.search(q.text) for q in asked}
    grades = {q.id: {CHUNKS[answer_of(i)].id: 1} for i, q in enumerate(asked)}
    found = fit_threshold(traces, grades, split(asked))
    assert found.trained.threshold > 9
    assert found.held_out.precision == 1.0
    assert 0.4 < found.held_out.recall < 0.9
    assert [p.recall for p in found.curve] == sorted(p.recall for p in found.curve)
    with pytest.raises(RanklensError, match="no relevant passage"):
        fit_threshold(traces, {q.id: {"gone": 1} for q in asked}, split(asked))


@pytest.mark.parametrize("hops", [1, 2])
def test_nothing_is_fitted_on_what_fell_back(hops: int):
    asked = questions(8, "fall")
    pipeline = FakePipeline(Settings(hops=hops))
    traces = {q.id: pipeline.search(q.text) for q in asked}
    with pytest.raises(RanklensError, match="fell back"):
        fit_threshold(traces, {q.id: {CHUNKS[0].id: 1} for q in asked}, split(asked))


def test_a_blend_is_of_the_rerankers_scores_not_of_a_second_hops():
    asked, weights = questions(4), {"blend_dense": 0.5, "blend_lexical": 0.3, "blend_reranker": 0.2}
    orders = [
        blend_order(FakePipeline(Settings(hops=hops)), asked, "passage", lambda _done: None)
        for hops in (1, 2)
    ]
    assert all(orders[0](q.id, weights) == orders[1](q.id, weights) for q in asked)
