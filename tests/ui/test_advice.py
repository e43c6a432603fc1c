"""Advice on the Measure page: worked out as a job, and shown with its reasons and tables."""

import pytest

from rag.evaluate.data import Question
from rag.evaluate.judgements.question_sets import QuestionSets
from tests.ui.fakes import ALL
from tests.ui.test_ask import html
from tests.ui.test_measure import finished

QUESTIONS = [Question(f"q{i}", f"How should batteries be kept {i}?") for i in range(8)]


@pytest.fixture
def judged(library, tmp_path):
    library.settings = library.settings.updated(library=tmp_path)
    library.pipeline.settings = library.settings
    QuestionSets(library.index.catalogue).put("field", QUESTIONS)
    for question in QUESTIONS:
        library.judgements.grade(question.text, ALL[10], 3, "ada")
    return library


def test_advice_is_worked_out_and_shown(page, judged):
    at = page("ui/measure/page.py", advice_rerankers=["late-interaction"], advice_pools=[10, 20])
    assert not at.exception
    at.button(key="advise").click().run()
    at = finished(at, judged, "advise")
    assert not at.exception
    body = html(at)
    assert "reranking" in body.lower()
    assert "late-interaction, pool 10" in body
    assert "late-interaction, pool 20" in body
    assert "When to skip reranking" in body


def test_without_a_reranker_there_is_nothing_to_work_out(page, judged):
    at = page("ui/measure/page.py", advice_rerankers=[], advice_pools=[10])
    assert at.button(key="advise").disabled
