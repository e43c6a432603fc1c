"""Counting the questions that each of two pipelines won."""

import math

import pytest

from rag.evaluate.measures.interleaved import TeamCredits, result, wilson


def test_questions_are_won_by_credits():
    held = [TeamCredits(0, 2), TeamCredits(1, 0), TeamCredits(1, 1), TeamCredits(0, 0),
            TeamCredits(-1, 0)]  # fmt: skip
    found = result("a", "b", held)
    assert (found.wins, found.losses, found.ties, found.silent) == (2, 1, 1, 1)
    assert found.questions == 5
    assert "can show no difference" in found.sentence


def test_many_wins_are_a_preference_and_few_are_not():
    clear = result("a", "b", [TeamCredits(0, 1)] * 20 + [TeamCredits(1, 0)] * 3)
    assert clear.p < 0.001
    assert "readers prefer b" in clear.sentence
    even = result("a", "b", [TeamCredits(0, 1)] * 7 + [TeamCredits(1, 0)] * 5)
    assert even.p > 0.5
    assert "no difference is shown" in even.sentence


def test_wilson_interval_is_that_of_the_books():
    found = wilson(8, 10)
    assert (found.low, found.high) == (
        pytest.approx(0.4902, abs=1e-4),
        pytest.approx(0.9433, abs=1e-4),
    )
    assert wilson(0, 5).low == pytest.approx(0.0)
    assert wilson(0, 5).high == pytest.approx(0.4345, abs=1e-4)
    assert math.isnan(wilson(0, 0).mean)
