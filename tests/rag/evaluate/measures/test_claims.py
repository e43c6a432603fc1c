"""Figures of graded answers, worked out by hand."""

import pytest

from rag.evaluate.claims import AnswerGrade, ClaimVerdict
from rag.evaluate.measures.claims import agreement, average_precision, figures, good, values

YES, NO = ClaimVerdict("a", True), ClaimVerdict("b", False, "c")


def test_values_of_an_answer():
    grade = AnswerGrade("1", (YES, YES, NO), 2, (False, True, True), (YES, NO))
    assert values(grade) == pytest.approx(
        {
            "faithfulness": 2 / 3,
            "answer relevance": 2 / 3,
            "context precision": (1 / 2 + 2 / 3) / 2,
            "context recall": 1 / 2,
        }
    )


def test_what_is_not_known_or_has_no_claims_is_left_out():
    assert values(AnswerGrade("1")) == {}
    assert values(AnswerGrade("1", (), 0, (False,), ())) == {
        "answer relevance": 0.0, "context precision": 0.0
    }  # fmt: skip


@pytest.mark.parametrize(
    ("useful", "value"), [((), 0.0), ((True,), 1.0), ((True, False, True), 5 / 6)]
)
def test_average_precision(useful, value):
    assert average_precision(useful) == pytest.approx(value)


def test_means_are_over_the_answers_that_have_a_value():
    found = figures([AnswerGrade("1", (YES,)), AnswerGrade("2", (NO, YES)), AnswerGrade("3")])
    assert list(found) == ["faithfulness"]
    mean, count = found["faithfulness"]
    assert (mean.mean, count) == (0.75, 2)
    assert figures([]) == {}


def test_an_answer_is_good_if_it_answers_and_every_claim_is_supported():
    assert good(AnswerGrade("1", (YES,), 2)) is True
    assert good(AnswerGrade("1", (), 3)) is True
    assert good(AnswerGrade("1", (YES, NO), 3)) is False
    assert good(AnswerGrade("1", (YES,), 1)) is False
    assert good(AnswerGrade("1", (YES,))) is None
    assert good(AnswerGrade("1", None, 3)) is None


def test_agreement_with_people():
    pairs = [(True, True)] * 4 + [(True, False)] + [(False, True)] * 2 + [(False, False)] * 3
    found = agreement("x", pairs)
    assert (found.shared, found.both, found.model, found.people) == (10, 4, 1, 2)
    assert found.kappa == pytest.approx((0.7 - 0.5) / 0.5)
    assert agreement("x", [(True, True)]).kappa is None
