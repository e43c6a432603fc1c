"""A sweep on the Measure page: run as a job, shown with its table, and its best options kept."""

import pytest

from rag.evaluate.data import Question
from rag.evaluate.experiments import pipelines
from rag.evaluate.judgements.question_sets import QuestionSets
from tests.ui.fakes import ALL
from tests.ui.test_ask import html
from tests.ui.test_measure import finished

QUESTIONS = [Question(f"q{i}", f"How should batteries be kept {i}?") for i in range(1, 17)]


@pytest.fixture
def judged(library, tmp_path):
    library.settings = library.settings.updated(library=tmp_path)
    library.pipeline.settings = library.settings
    QuestionSets(library.index.catalogue).put("field", QUESTIONS)
    for question in QUESTIONS:
        library.judgements.grade(question.text, ALL[10], 3, "ada")
    return library


def test_a_sweep_is_run_and_shown_and_nothing_is_tried_without_a_choice(page, judged):
    assert page("ui/measure/page.py").button(key="sweep").disabled
    at = page("ui/measure/page.py", sweep_pool=[10])
    assert not at.exception
    at.button(key="sweep").click().run()
    at = finished(at, judged, "sweep")
    assert not at.exception
    body = html(at)
    assert "pool=50 (present" in body
    assert "pool=10" in body
    assert "Effect of each factor" in body
    assert pipelines.saved(judged.settings) == {}
