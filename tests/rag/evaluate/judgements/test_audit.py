"""Which questions are the audited sample, and the corrected figures, worked out by hand."""

import math

import pytest

from rag.evaluate.data import Question
from rag.evaluate.judgements.audit import figures, sample

QUESTIONS = [Question(f"q{n}", f"Question {n}?") for n in range(12)]
ONE = {q.id: ("a", "b") for q in QUESTIONS}
OTHER = {q.id: ("b", "a") for q in QUESTIONS}
SECOND = 1 / math.log2(3)


def grades(ids, **given):
    return {key: dict(given) for key in ids}


def test_the_sample_is_the_beginning_of_an_order_of_chance():
    model = grades((q.id for q in QUESTIONS), a=1, b=0)
    order = [q.id for q in sample(QUESTIONS, [ONE, OTHER], model, {}).waiting]
    assert sorted(order) == sorted(model)
    assert order != [q.id for q in QUESTIONS]
    assert [q.id for q in sample(QUESTIONS[::-1], [ONE], model, {}).waiting] == order
    people = grades([*order[:2], order[3]], a=1, b=0)
    found = sample(QUESTIONS, [ONE, OTHER], model, people)
    assert [q.id for q in found.audited] == order[:2], "the third one is missing"
    assert [q.id for q in found.waiting] == order[2:]
    partly = people | {order[1]: {"a": 1}}
    assert len(sample(QUESTIONS, [ONE, OTHER], model, partly).audited) == 1


def test_a_question_that_the_model_has_not_graded_completely_stays_out():
    model = grades((q.id for q in QUESTIONS[1:]), a=1, b=0) | {"q0": {"a": 1}}
    found = sample(QUESTIONS, [ONE, OTHER], model, {})
    assert (len(found.waiting), found.incomplete) == (11, 1)
    assert sample(QUESTIONS, [{q.id: () for q in QUESTIONS}], model, {}).incomplete == 12


def test_the_figures_are_corrected_by_what_the_model_is_off():
    ids = [q.id for q in QUESTIONS]
    model = grades(ids, a=1, b=0)  # a first: ONE 1, OTHER the discount of the second place
    order = [q.id for q in sample(QUESTIONS, [ONE, OTHER], model, {}).waiting]
    people = grades(order[:10], a=0, b=1)  # the other way round
    found = sample(QUESTIONS, [ONE, OTHER], model, people)
    first, second, gain = figures(found, {"one": ONE, "other": OTHER}, model, people)
    assert (first.before, first.after, gain.before, gain.after) == ("", "one", "one", "other")
    assert (first.model, second.model) == pytest.approx((1.0, SECOND))
    assert (first.people, second.people) == pytest.approx((SECOND, 1.0))
    assert gain.model == pytest.approx(SECOND - 1)
    assert gain.corrected.interval.mean == pytest.approx(1 - SECOND)
    assert (gain.corrected.audited, gain.corrected.others, gain.corrected.alike) == (10, 2, 0)


def test_without_any_audit_there_is_no_corrected_figure():
    model = grades((q.id for q in QUESTIONS), a=1, b=0)
    found = sample(QUESTIONS, [ONE], model, {})
    (one,) = figures(found, {"one": ONE}, model, {})
    assert one.model == 1.0
    assert math.isnan(one.people)
    assert math.isnan(one.corrected.interval.mean)
