"""Advice on evaluations that can be worked out by hand."""

from __future__ import annotations

import dataclasses
import json

import pytest

from rag.evaluate.advice.advice import Budget, Worth, advise, cost
from rag.evaluate.advice.depth import WITHOUT, variants
from rag.evaluate.advice.groups import is_keywords
from rag.evaluate.data import Evaluation, Question, Ranking, Result, Run
from rag.evaluate.reports.advice import headline, html, outside, summarise

RELEVANT, OTHERS = "right", [f"other {n}" for n in range(30)]
POOL = 20


def order(place: int, pool: int) -> tuple[str, ...]:
    """Items with the relevant one at ``place``; without it if the pool ends before."""
    items = [*OTHERS[: place - 1], RELEVANT, *OTHERS[place - 1 :]]
    return tuple(items[:pool])


def ranking(stage: str, items: tuple[str, ...], seconds: float) -> Ranking:
    return Ranking(stage, items, tuple(float(-n) for n in range(len(items))), (), seconds)


def run(name: str, reranker: str, pool: int, places: list[int], cost: float = 0.0) -> Run:
    """One question a place that reranking puts the relevant passage at; fusion has it at 9."""
    results = []
    for number, place in enumerate(places):
        fused = order(9, pool)
        sure = number % 2 == 0
        stages = [
            ranking("dense", fused, 0.002),
            ranking("lexical", fused if sure else tuple(reversed(fused)), 0.002),
            ranking("fused", fused, 0.001),
        ]
        reranking = pool / 1000 if reranker != "none" else 0.0
        found = order(place, pool) if RELEVANT in fused and reranker != "none" else fused
        stages.append(ranking("reranked", found, reranking))
        results.append(Result(f"q{number}", tuple(stages), 0.005 + reranking, cost))
    return Run(name, {"reranker": reranker, "pool": pool}, "digest", tuple(results))


def evaluation(places: dict[int, list[int]], price: float = 0.0) -> Evaluation:
    """A reranker at the pools of ``places``, which are those of its rankings."""
    count = len(next(iter(places.values())))
    return Evaluation(
        name="set",
        unit="passage",
        questions=tuple(Question(f"q{n}", f"What is number {n}?") for n in range(count)),
        grades={f"q{n}": {RELEVANT: 1} for n in range(count)},
        runs=(
            run(WITHOUT, "none", POOL, [9] * count),
            *(run(f"good, pool {p}", "good", p, each, price) for p, each in places.items()),
        ),
        passages={},
        made="2026-01-01T00:00:00+00:00",
    )


def test_a_clear_gain_is_worth_it_at_the_smallest_pool_that_is_as_good():
    # A pool of 5 does not hold the passage at 9; 10 and 20 do, and reranking puts it first.
    found = advise(evaluation({5: [1] * 12, 10: [1] * 12, 20: [1] * 12}), chunks=5_000, top=5)
    assert found.worth is Worth.WORTH_IT
    assert found.chosen is not None
    assert found.chosen.pool == 10
    small = found.curves[0].points[0]
    assert small.quality.mean == 0.0
    assert small.loss.mean == 1.0
    assert not small.good
    assert headline(found) == "Reranking is worth it here: good, pool 10"


def test_a_pool_whose_own_gain_is_shown_goes_before_a_smaller_one():
    # Five wins have p 2/32, eight have 2/256; three more of 120 lie within the interval.
    places = {10: [1] * 5 + [9] * 115, 20: [1] * 8 + [9] * 112}
    found = advise(evaluation(places), chunks=5_000, top=5)
    small, large = found.curves[0].points
    assert small.good
    assert not small.gain.shown
    assert large.gain.shown
    assert found.chosen is large


def test_the_gain_is_that_of_the_metric():
    found = advise(evaluation({20: [1] * 12}), chunks=5_000, top=5)
    # nDCG@10 of one relevant passage is 1 / log2(rank + 1): 1 at the first place, 0.301 at 9.
    assert found.chosen is not None
    assert found.chosen.gain.interval.mean == pytest.approx(1 - 0.30103, abs=1e-4)
    assert found.chosen.gain.wins == 12


def test_few_and_mixed_questions_show_nothing_and_say_how_many_more_would():
    found = advise(evaluation({20: [1, 1, 20, 20, 1, 20]}), chunks=5_000, top=5)
    assert found.worth is Worth.NOT_SHOWN
    assert found.more > 0
    assert f"judge about {found.more} more question" in headline(found)


def test_what_makes_no_difference_is_not_worth_it():
    found = advise(evaluation({20: [9] * 60}), chunks=5_000, top=5)
    assert found.worth is Worth.NOT_WORTH_IT
    assert found.more == 0
    assert "not worth it" in headline(found)


def test_few_questions_without_a_difference_show_nothing():
    # The rule of three: 3 of 25 questions may gain, and three gains of 0.37 are 0.04 of 25.
    found = advise(evaluation({20: [9] * 25}), chunks=5_000, top=5)
    assert found.worth is Worth.NOT_SHOWN
    assert 25 < found.more < 150


def test_a_reranker_whose_best_pool_may_gain_is_not_ruled_out_by_its_smallest():
    # Of 100 questions the small pool loses a rank for three. The large one gains 0.699 for three
    # and loses 0.301 for three: +0.012 within the interval, so the small one is chosen.
    places = {10: [10] * 3 + [9] * 97, 20: [20] * 3 + [1] * 3 + [9] * 94}
    found = advise(evaluation(places), chunks=5_000, top=5)
    assert found.chosen is not None
    assert found.chosen.pool == 10
    assert found.worth is Worth.NOT_SHOWN


def test_what_makes_it_worse_is_not_worth_it():
    found = advise(evaluation({20: [18] * 12}), chunks=5_000, top=5)
    assert found.worth is Worth.NOT_WORTH_IT
    assert found.chosen is not None
    assert found.chosen.gain.losses == 12


def test_a_budget_leaves_large_pools_out():
    # A pool of n takes n ms beside 5 ms of retrieval.
    places = {10: [1] * 12, 20: [1] * 12}
    kept = advise(evaluation(places), chunks=5_000, top=5, budget=Budget(0.016))
    assert kept.chosen is not None
    assert kept.chosen.pool == 10
    assert any("leaves out good at 20" in reason for reason in summarise(kept).reasons)
    none = advise(evaluation(places), chunks=5_000, top=5, budget=Budget(0.012))
    assert none.chosen is None
    assert "No reranker keeps" in headline(none)
    assert "most of its time is reranking, 10 ms" in summarise(none).reasons[0]


def test_times_that_were_measured_elsewhere_count_in_the_budget():
    wide = Budget(0.016, others={"first words of the answer": 0.5})
    assert advise(evaluation({10: [1] * 12}), chunks=1, top=5, budget=wide).chosen is None


def test_a_kind_of_question_that_gains_nothing_can_be_skipped():
    # Those with even numbers have the same first passage in both retrievers, and gain nothing.
    places = [9 if n % 2 == 0 else 1 for n in range(120)]
    found = advise(evaluation({20: places}), chunks=5_000, top=5)
    sure = next(group for group in found.groups if "same passage first" in group.name)
    assert (sure.questions, sure.share, sure.gain.mean, sure.can_skip) == (60, 0.5, 0.0, True)
    other = next(group for group in found.groups if "disagree" in group.name)
    assert not other.can_skip
    assert any("Skip reranking when both retrievers" in r for r in summarise(found).reasons)
    few = advise(evaluation({20: places[:48]}), chunks=5_000, top=5)  # 24 may hide a gain
    assert not any(group.can_skip for group in few.groups)


def test_relevant_passages_that_are_pushed_out_are_listed_with_a_remedy():
    # Fusion has it at 9, so a pool's first 10 hold it; at 18 they do not any more.
    found = advise(evaluation({20: [18, 18, 1]}), chunks=5_000, top=10)
    assert found.movements is not None
    assert [(m.before, m.after) for m in found.movements.out] == [(9, 18), (9, 18)]
    assert (found.movements.into, found.movements.stayed) == (0, 1)
    assert any("does not suit these documents" in reason for reason in summarise(found).reasons)


def test_a_small_library_is_named():
    reasons = summarise(advise(evaluation({20: [1] * 12}), chunks=400, top=5)).reasons
    assert any("400 chunks; with fewer than 1,000" in reason for reason in reasons)


@pytest.mark.parametrize(
    ("text", "keywords"),
    [("revenue 2024", True), ("revenue 2024?", False), ("what was the revenue of it", False)],
)
def test_keywords_are_few_words_without_a_question_mark(text: str, keywords: bool):
    assert is_keywords(Question("q", text)) is keywords


def test_a_months_price_and_where_an_own_machine_is_cheaper():
    found = cost("hosted", 0.002, per_day=1_000, machine=60.0)
    assert (found.day, found.month) == (2.0, 60.0)
    assert found.break_even == pytest.approx(1_000)  # 2 dollars a day for either
    assert cost("free", 0.0, 1_000, 60.0).break_even is None


def test_the_price_of_a_point_is_the_mean_of_its_questions():
    found = advise(evaluation({20: [1] * 12}, price=0.002), chunks=5_000, top=5)
    assert found.chosen is not None
    assert found.chosen.cost == pytest.approx(0.002)
    assert any("$2" in str(cell) for _, cells in summarise(found).tables[0].rows for cell in cells)


def test_a_pipeline_that_ranked_nothing_is_in_no_curve():
    base = evaluation({10: [1] * 12, 20: [1] * 12})
    failed = dataclasses.replace(base.runs[1], results=(), failures={"q0": "no model"})
    found = advise(
        dataclasses.replace(base, runs=(base.runs[0], failed, base.runs[2])), chunks=1, top=5
    )
    assert [point.pool for point in found.curves[0].points] == [20]
    with pytest.raises(ValueError, match="no reranker"):
        advise(dataclasses.replace(base, runs=(base.runs[0], failed)), chunks=1, top=5)


def test_the_outside_form_and_the_page_hold_every_point():
    found = advise(evaluation({10: [1] * 12, 20: [1] * 12}), chunks=5_000, top=5)
    form = json.loads(json.dumps(outside(found)))
    assert form["advice"] == "worth it"
    assert form["pool"] == 10
    assert [point["pool"] for point in form["points"]] == [10, 20]
    written = html(found)
    assert "Reranking is worth it here: good, pool 10." in written
    assert "<script" not in written


def test_a_hostile_name_stays_text_in_the_page():
    base = evaluation({10: [1] * 12})
    found = advise(dataclasses.replace(base, name="<img src=x>"), chunks=1, top=5)
    assert "<img" not in html(found)


def test_every_pool_of_every_reranker_is_measured_without_the_cache():
    made = variants(["a", "b"], [20, 10, 10], 50)
    assert list(made) == [WITHOUT, "a, pool 10", "a, pool 20", "b, pool 10", "b, pool 20"]
    assert made[WITHOUT] == {"reranker": "none", "pool": 50}
    assert made["a, pool 10"] == {"reranker": "a", "pool": 10, "rerank_cache_mb": 0}
