"""What is measured, and with which settings a question is searched again."""

import hashlib
import math

import pytest

from rag.evaluate.data import Evaluation, Question, Run
from rag.evaluate.experiments.saved import from_json
from rag.evaluate.reports.report import summarise
from ranklens import judged_sets, measuring
from tests.ui.fakes import ALL, FUSED, FakeLibrary

TWO = {"none": {"reranker": "none"}, "late": {"reranker": "late-interaction"}}
Q = "How should batteries be kept?"


@pytest.fixture
def library():
    return FakeLibrary()


def test_rankings_from_a_file_redirect_nothing_when_a_question_is_searched_again(
    library, monkeypatch
):
    settings = {"pool": 7, "cohere_url": "http://evil.example", "llm_base_url": "http://evil"}
    run = Run("theirs", settings, "0" * 16, ())
    evaluation = Evaluation("field", "passage", (), {}, (run,), {}, "2026-01-01")
    used = []
    with_settings = library.pipeline.with_settings
    monkeypatch.setattr(
        library.pipeline, "with_settings", lambda **own: used.append(own) or with_settings(**own)
    )
    assert measuring.search_again(library, evaluation, "theirs", Q).question == Q
    assert used == [{"pool": 7}]


def audited_set(library, people=10):
    """A set of twelve questions that a model graded; people graded the first of its audit."""
    asked = [Question(f"q{n}", f"How are batteries kept, number {n}?") for n in range(12)]
    library.question_sets.put("field", asked)
    for question in asked:
        for place in FUSED:
            library.judgements.grade(
                question.text, ALL[place], int(place == 0), "gpt", source="llm"
            )
    for question in sorted(asked, key=lambda q: hashlib.sha256(q.text.encode()).digest())[:people]:
        for place in FUSED:
            library.judgements.grade(question.text, ALL[place], int(place == 10), "ada")
    return judged_sets.question_set(library, "field")


def test_audited_grades_of_a_model_stand_beside_the_plain_figures(library):
    evaluation = measuring.measure(audited_set(library), TWO)
    assert (len(evaluation.questions), len(evaluation.by_model.questions)) == (10, 12)
    assert [len(run.further) for run in evaluation.runs] == [2, 2]
    found = measuring.figures_of(evaluation)
    assert found.runs[0].stages["reranked"].questions == 10, "the model's questions are not in it"
    gain = found.audit.figures[-1]
    # The model likes chunk 0, first before and second after; the people 10: fifth before, first.
    assert gain.people == pytest.approx(1 - 1 / math.log2(6))
    assert gain.corrected.interval.mean == pytest.approx(gain.people)
    summary = summarise(found)
    assert summary.notes[0].startswith("With gpt's grades, corrected by people's: ndcg@10 of late")
    assert "is +0.613 (95 % interval" in summary.notes[0]
    assert "by people's judgements alone it is +0.613" in summary.notes[0]
    table = summary.others[0]
    assert table.columns[1:] == ("All judged", "By the model", "By people", "Corrected")
    assert [str(cell) for cell in table.rows[-1][1][:3]] == ["+0.613", "-0.369", "+0.613"]
    outside = measuring.outside(found)["audit"]
    assert outside["figures"][-1]["corrected"] == pytest.approx(gain.people)
    assert from_json(measuring.to_json(evaluation)) == evaluation


def test_a_model_s_grades_without_an_audit_change_no_figure_and_ask_nothing(library):
    evaluation = measuring.measure(audited_set(library, people=9), TWO)
    assert evaluation.by_model is None
    assert len(evaluation.questions) == 9
    assert measuring.figures_of(evaluation).audit is None
    assert "audit" not in measuring.outside(measuring.figures_of(evaluation))


def test_an_audit_follows_the_judgements_of_now(library):
    evaluation = measuring.measure(audited_set(library), TWO)
    waiting = measuring.figures_of(evaluation).audit.sample.waiting[0]
    for place in FUSED:
        library.judgements.grade(waiting.text, ALL[place], int(place == 10), "ada")
    now = measuring.figures_of(measuring.with_present_grades(library, evaluation))
    assert len(now.audit.sample.audited) == 11
