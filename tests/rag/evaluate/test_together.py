import threading

import pytest

from rag.evaluate import together
from rag.evaluate.data import Question
from rag.evaluate.side_by_side import Interrupted
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
    pipeline, told = Counting(), []
    found = together.traces(pipeline, QUESTIONS, told.append)
    assert pipeline.passes == [16, 4]
    assert told == [16, 20]
    assert {key: trace.question for key, trace in found.items()} == {
        question.id: question.text for question in QUESTIONS
    }


def test_it_can_be_stopped_between():
    pipeline, stop = Counting(), threading.Event()
    with pytest.raises(Interrupted, match="stopped after 16 of 20 questions"):
        together.traces(pipeline, QUESTIONS, lambda _: stop.set(), stop)
    assert pipeline.passes == [16]
