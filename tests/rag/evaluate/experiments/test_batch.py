import pytest

from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.evaluate.experiments import batch
from rag.evaluate.progress import Interrupted
from rag.types import Trace


class Counting:
    """Keeps how many questions came at a time."""

    def __init__(self):
        self.passes = []

    def search_many(self, questions):
        self.passes.append(len(questions))
        return [Trace(question, {}, ()) for question in questions]


QUESTIONS = [Question(f"q{n}", f"question {n}") for n in range(20)]


def test_questions_are_searched_some_at_a_time():
    pipeline, counts = Counting(), []
    found = batch.search_all(pipeline, QUESTIONS, counts.append, {})
    assert pipeline.passes == [16, 4]
    assert counts == [16, 20]
    assert {key: trace.question for key, trace in found.items()} == {
        question.id: question.text for question in QUESTIONS
    }


def test_it_can_be_stopped_between():
    def stop(done):
        raise Interrupted(f"after {done}")

    pipeline = Counting()
    with pytest.raises(Interrupted, match="after 16"):
        batch.search_all(pipeline, QUESTIONS, stop, {})
    assert pipeline.passes == [16]


class Refusing(Counting):
    """Cannot search a question that ends in 3."""

    def search_many(self, questions):
        if bad := [question for question in questions if question.endswith("3")]:
            raise RanklensError(f"cannot search {bad[0]}")
        return super().search_many(questions)


def test_a_question_that_cannot_be_searched_is_told_and_the_others_are_searched():
    failed, counts = {}, []
    found = batch.search_all(Refusing(), QUESTIONS, counts.append, failed)
    assert failed == {n: f"cannot search question {n[1:]}" for n in ("q3", "q13")}
    assert list(found) == [q.id for q in QUESTIONS if q.id not in failed]
    assert counts == [16, 20]


def test_where_nothing_can_be_searched_it_is_an_error():
    with pytest.raises(RanklensError, match="cannot search question 3"):
        batch.search_all(Refusing(), QUESTIONS[3:4], print, {})
