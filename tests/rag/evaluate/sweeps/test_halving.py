"""The rounds of successive halving."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from rag.evaluate.sweeps.halving import FACTOR, FEWEST, best, rounds


@given(st.integers(2, 300), st.integers(4, 2000))
def test_every_round_has_fewer_configurations_and_more_questions(configurations, questions):
    made = rounds(configurations, questions)
    assert made[0].configurations == configurations
    assert made[-1].questions == questions
    for before, after in pairwise(made):
        assert after.configurations < before.configurations
        assert after.questions > before.questions
    assert made[0].questions >= min(questions, FEWEST)
    assert made[-1].configurations >= 2
    searches = sum(one.configurations * one.questions for one in made)
    if len(made) > 1:
        assert searches <= configurations * questions * 1.2


def test_few_questions_or_configurations_are_one_round():
    assert len(rounds(20, 20)) == 1
    assert len(rounds(3, 500)) == 1
    assert [one.configurations for one in rounds(18, 108)] == [18, 6, 2]
    assert [one.questions for one in rounds(18, 108)] == [12, 36, 108]
    assert FACTOR == 3


def test_the_best_stay_in_their_order_and_the_present_one_always_does():
    means = {"present": 0.1, "a": 0.5, "b": 0.7, "c": 0.7}
    assert best(means, 1, ["present"]) == ["present", "b"]
    assert best(means, 2, ["present"]) == ["present", "b", "c"]
