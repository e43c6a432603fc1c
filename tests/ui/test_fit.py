"""Fitting on the Measure page: weights, blend, threshold with its curve, refusal, and keeping."""

import pytest

from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.evaluate.experiments import pipelines
from rag.evaluate.judgements.question_sets import QuestionSets
from rag.evaluate.judgements.store import JudgementStore
from rag.settings import Settings
from ranklens import fitting
from tests.ui.fakes import ALL
from tests.ui.test_ask import html
from tests.ui.test_measure import finished

QUESTIONS = [Question(f"q{i}", f"How should batteries be kept {i}?") for i in range(8)]
BESIDE = [Question(f"u{i}", f"Who won the cup in 19{i}0?", "unanswerable") for i in range(4)]


@pytest.fixture
def judged(library, tmp_path):
    library.settings = library.settings.updated(library=tmp_path)
    library.pipeline.settings = library.settings
    catalogue = library.index.catalogue
    QuestionSets(catalogue).put("field", [*QUESTIONS, *BESIDE])
    held = JudgementStore(catalogue)
    for question in QUESTIONS:
        held.grade(question.text, ALL[10], 3, "ada")
    return library


def fitted(page, library, **state):
    at = page("ui/measure/page.py", **state)
    assert not at.exception
    at.button(key="fit").click().run()
    at = finished(at, library, "fit")
    assert not at.exception
    return at


def test_a_question_that_cannot_be_asked_takes_no_part_and_is_told(page, judged, monkeypatch):
    search_many = judged.pipeline.search_many

    def refusing(texts):
        if any(text.endswith("7?") for text in texts):
            raise RanklensError("there is no document '-' in the library")
        return search_many(texts)

    monkeypatch.setattr(judged.pipeline, "search_many", refusing, raising=False)
    monkeypatch.setattr(judged.pipeline, "with_settings", lambda **_: judged.pipeline)
    monkeypatch.setattr(judged.pipeline, "within", lambda _: judged.pipeline)
    body = html(fitted(page, judged))
    assert "1 question could not be asked and took no part (there is no document" in body


def test_everything_is_fitted_with_its_held_out_figure(page, judged):
    at = fitted(page, judged, fit_blend=True)
    body = html(at)
    assert body.count("held out against the present weights") == 2
    assert "Blend weights of the hybrid reranker" in body
    assert "Score threshold of the last stage" in body
    assert 'class="rl-curve"' in body
    assert "Relevance below which nothing is answered" in body
    assert "8 answerable and 4 unanswerable questions" in body
    assert "held out, as it is now" in [name for table in at.dataframe for name in table.value[""]]


def test_what_is_liked_is_kept_as_a_pipeline_or_shown_as_settings(page, judged):
    at = fitted(page, judged)
    assert "dense_weight" in at.code[0].value
    at.text_input(key="fit_name").set_value("mine")
    at.button(key="fit_keep").click().run()
    found = judged.jobs.last("fit").result
    assert pipelines.saved(judged.settings) == {"mine": dict(found.fusion.best)}
    assert "mine can be chosen on every page with pipelines" in html(at)
    assert at.code[0].value == fitting.as_toml(found.fusion.best)
    at = page("ui/measure/page.py", fit_pipeline="mine")
    assert not at.exception
    with pytest.raises(RanklensError, match="cannot be called"):
        fitting.keep(judged, "a,b", found, {})
    at = page("ui/measure/page.py", fit_parts=["Fusion weights", "Score threshold"])
    assert "Keep the weights first" in html(at)


def test_the_lines_are_settings(judged):
    assert fitting.as_toml({"dense_weight": 0.4, "threshold": 0.8451}) == (
        "dense_weight = 0.4\nthreshold = 0.8451"
    )
    assert Settings.from_mapping({"dense_weight": 0.4, "threshold": 0.8451}, "toml")


@pytest.mark.parametrize(
    ("name", "blends"),
    [("auto", True), ("late-interaction", True), ("none", False), ("hybrid:maxsim", True)],
)
def test_only_hybrid_rerankers_have_a_blend(name, blends):
    assert fitting.can_blend(Settings(reranker=name)) is blends


def test_without_unanswerable_questions_it_is_said_why(page, library):
    catalogue = library.index.catalogue
    QuestionSets(catalogue).put("field", QUESTIONS)
    for question in QUESTIONS:
        JudgementStore(catalogue).grade(question.text, ALL[10], 3, "ada")
    assert "0 unanswerable questions are too few" in html(fitted(page, library))
