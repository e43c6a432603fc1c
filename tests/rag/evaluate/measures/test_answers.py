from __future__ import annotations

import json
from dataclasses import replace

import pytest

from rag.evaluate.data import Answered, Evaluation, Question, Run
from rag.evaluate.experiments import saved
from rag.evaluate.measures.answers import figures as answer_figures
from rag.evaluate.measures.figures import figures, outside
from rag.evaluate.reports.report import html
from rag.evaluate.reports.tables import warnings
from rag.llm.prices import dollars
from tests.rag.evaluate.made import make, questions

GRADES = {"q1": {"a": 2, "b": 1, "c": 0}, "q2": {"a": 1}, "q3": {"d": 3}}
ANSWERS = (
    Answered("q1", ("a", "c", "x"), ("a", "c"), refused=False, seconds=1.0),
    Answered("q2", ("a",), (), refused=True, seconds=1.0),
    Answered("q3", ("d",), ("d",), refused=False, seconds=1.0, error="broke off"),
    Answered("none 1", ("x",), (), refused=True, seconds=1.0),
    Answered("none 2", ("x",), ("x",), refused=False, seconds=1.0),
)


def evaluation(answers: tuple[Answered, ...] = ANSWERS) -> Evaluation:
    asked = tuple(Question(name, name) for name in GRADES)
    nobody = tuple(Question(f"none {i}", "?", kind="unanswerable") for i in (1, 2))
    run = Run("one", {}, "", (), {}, answers)
    return Evaluation("x", "passage", asked, GRADES, (run,), {}, "now", (), nobody)


def test_citations_and_refusals_by_hand():
    held = evaluation()
    found = {name: one.mean for name, one in answer_figures(held.runs[0], held).items()}
    assert found == {
        "citation precision": 0.5,  # q1 cites a (relevant) and c (not); q2 cites nothing
        "citation recall": 0.25,  # q1 one of a and b, q2 none
        "evidence recall": 0.75,  # q1 one of two, q2 all
        "refusal correctness": 0.5,  # q1 and none 1 are right, q2 and none 2 are not
        "answerable answered": 0.5,
        "unanswerable refused": 0.5,
    }
    assert list(warnings(figures(held))) == ["one: 1 answer broke off, left out (broke off)"]
    assert answer_figures(replace(held.runs[0], answers=()), held) == {}


def test_unanswerable_questions_are_answered_but_not_ranked():
    nobody = [Question("n", "nobody 7", kind="Unanswerable"), Question("u", "why 8")]
    held = make(6, questions=[*questions(6), *nobody], answers=True)
    assert [q.id for q in held.unanswerable] == ["n"]
    assert held.notes == ("1 question without a relevant judgement was left out",)
    assert len(held.runs[0].results) == 6
    assert [one.question for one in held.runs[0].answers][-1] == "n"
    found = figures(held)
    assert found.runs[0].answers["unanswerable refused"].mean == 1.0
    assert found.runs[0].answers["answerable answered"].mean == 1.0
    assert found.runs[0].stages["reranked"].questions == 6
    assert outside(found)["pipelines"]["late"]["answers"]["refusal correctness"]["mean"] == 1.0
    assert "Citation precision" in html(found)


def test_what_was_spent_is_told_per_question():
    """The paid reranker ranks questions whose number is no multiple of three: four of six."""
    found = figures(make(6))
    none, late = found.runs
    assert (none.cost, none.run.spent) == (0, 0)
    assert late.run.spent == pytest.approx(0.008)
    assert late.cost == pytest.approx(0.008 / 6)
    assert outside(found)["pipelines"]["late"]["cost_usd"]["total"] == pytest.approx(0.008)
    assert f"{dollars(0.008 / 6)} a question, $0.0080 in all" in html(found)


def test_answers_are_saved_and_older_files_still_load():
    held = make(6, answers=True)
    assert saved.from_json(saved.to_json(held)) == held
    plain = make(6)
    data = json.loads(saved.to_json(plain))
    del data["unanswerable"]
    for run in data["runs"]:
        del run["answers"]
        for result in run["results"]:
            del result["cost"]
    older = saved.from_json(json.dumps(data))
    assert saved.digest(older) == saved.digest(plain) != saved.digest(held)
    assert figures(older).runs[1].cost is None
    assert "not known a question" in html(figures(older))
