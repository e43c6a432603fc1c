"""The order of judgements that tells two rankings apart soonest, worked out by hand."""

import math

import pytest

from rag.evaluate.judgements.active import PRIOR, JudgingOrder

SECOND = 1 / math.log2(3)  # the discount of place 2


def order(first, second, grades=None, question="q"):
    return JudgingOrder([{question: first}, {question: second}], grades or {})


def test_a_passage_weighs_what_its_grade_would_move():
    # a: 1 against nothing; b: 2 against 1; c: nothing against 2
    found = {one.item: one for one in order(["a", "b"], ["b", "c"]).best(5)}
    weights = {item: one.weight for item, one in found.items()}
    assert weights == pytest.approx({"a": 1.0, "b": 1 - SECOND, "c": SECOND})
    assert [found[item].chance for item in "abc"] == pytest.approx([PRIOR[0], PRIOR[0], PRIOR[1]])
    assert list(found) == ["a", "c", "b"], "0.45, 0.3 * 0.63, 0.45 * 0.37"


def test_what_both_put_at_the_same_place_or_below_the_tenth_is_never_asked():
    many = [f"x{n}" for n in range(10)]
    assert order([*many, "a"], [*many, "b"]).best(5) == []
    assert order([*many, "a"], [*many, "b"]).left == 0


def test_questions_without_a_relevant_passage_come_first():
    sides = [{"q1": ["a", "b"], "q2": ["c", "d"]}, {"q1": ["b", "a"], "q2": ["d", "c"]}]
    made = JudgingOrder(sides, {})
    made.add("q1", "a", 3)
    assert [(one.question, one.first) for one in made.best(5)] == [
        ("q2", True), ("q2", True), ("q1", False)
    ]  # fmt: skip
    assert made.best(1)[0] == made.best(5)[0]
    made.add("q2", "c", 0)
    assert made.best()[0].item == "d"
    assert made.left == 2


def test_grades_that_are_there_count_also_those_of_other_passages():
    made = order(["a", "b"], ["b", "a"], {"q": {"a": 0, "elsewhere": 2}})
    (one,) = made.best(5)
    assert (one.item, one.first) == ("b", False)
    assert one.weight == pytest.approx((1 - SECOND) / (1 + SECOND)), "two relevant ones are ideal"


def test_chances_follow_what_was_judged():
    sides = [{f"q{n}": ["a", "b"] for n in range(20)}, {f"q{n}": ["b", "a"] for n in range(20)}]
    never = JudgingOrder(sides, {f"q{n}": {"a": 0} for n in range(19)})
    always = JudgingOrder(sides, {f"q{n}": {"a": 1} for n in range(19)})
    chances = [next(one.chance for one in made.best(99) if one.first) for made in (never, always)]
    assert chances == pytest.approx([4.5 / 29, (4.5 + 19) / 29])


def test_both_rankings_count_alike_and_the_order_depends_on_nothing_else():
    one, other = ["a", "b", "c"], ["c", "d", "a"]
    assert order(one, other).best(9) == order(other, one).best(9)
    assert order(one, other).best(9) == order(one, other).best(9)


def test_three_pipelines_are_compared_with_the_first_one():
    made = JudgingOrder([{"q": ["a"]}, {"q": ["b"]}, {"q": ["a", "b"]}], {})
    weights = {one.item: one.weight for one in made.best(9)}
    assert weights == pytest.approx({"a": 1.0, "b": 1 + SECOND})


def test_skipped_passages_are_left_out_and_nothing_is_left_at_the_end():
    made = order(["a", "b"], ["b", "a"])
    assert [one.item for one in made.best(5, {("q", "a"), ("q", "gone")})] == ["b"]
    made.add("q", "a", 1)
    made.add("q", "b", 0)
    made.add("q", "unknown", 3)
    assert made.best() == []
    assert JudgingOrder([{}, {}], {}).best() == []
