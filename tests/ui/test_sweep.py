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


def test_encoders_of_this_machine_can_be_tried(page, judged, monkeypatch):
    monkeypatch.setattr("ui.measure.sweep.encoders", lambda _settings: ["one-more", "present"])
    wanted = []
    monkeypatch.setattr("ranklens.background.sweep", lambda _judged, wishes: wanted.append(wishes))
    at = page("ui/measure/page.py", sweep_encoder=["one-more"])
    assert not at.exception
    at.button(key="sweep").click().run()
    assert [dict(one.tried) for one in wanted] == [{"encoder": ["one-more"]}]


def test_without_another_encoder_the_page_says_where_one_comes_from(page, judged, monkeypatch):
    monkeypatch.setattr("ui.measure.sweep.encoders", lambda _settings: [])
    at = page("ui/measure/page.py")
    assert "No other encoder is on this machine" in html(at)
