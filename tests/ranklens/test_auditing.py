"""The audit of a model's grades over the fake library, and its JSON."""

import math

import pytest

from rag.errors import NotThere
from rag.evaluate.data import Question
from ranklens import auditing, comparison, judging
from tests.ui.fakes import ALL, FUSED, FakeLibrary

TWO = {"none": {"reranker": "none"}, "late": {"reranker": "late-interaction"}}
QUESTIONS = [Question(f"q{n}", f"How are batteries kept, number {n}?") for n in range(3)]


def stocked(library):
    library.question_sets.put("field", QUESTIONS)
    for question in QUESTIONS:
        for place in FUSED:
            library.judgements.grade(
                question.text, ALL[place], int(place == 0), "gpt", source="llm"
            )
    return library


@pytest.fixture
def graded():
    return stocked(FakeLibrary())


def people_grade(library, question, best=10):
    for place in FUSED:
        library.judgements.grade(question.text, ALL[place], int(place == best), "ada")


def test_the_people_correct_the_model(graded):
    compared = comparison.rank_all(graded, "field", TWO)
    before = auditing.audit(graded, compared)
    assert before.model == "gpt"
    assert before.agreement.shared == 0
    people_grade(graded, before.next)
    found = auditing.audit(graded, compared)
    assert (len(found.sample.audited), len(found.sample.waiting)) == (1, 2)
    rows = {row["what"]: row for row in auditing.rows(found)}
    # The model likes chunk 0, first before and second after; the person 10: fifth before, first.
    assert rows["none"]["model"] == pytest.approx(1.0)
    assert rows["late against none"]["model"] == pytest.approx(1 / math.log2(3) - 1)
    assert rows["late against none"]["people"] == pytest.approx(1 - 1 / math.log2(6))
    assert math.isnan(rows["late against none"]["low"]), "one question gives no interval"
    assert found.agreement.shared == 10
    outside = auditing.outside(found)
    assert outside["audited"] == [before.next.id]
    assert outside["figures"][0]["low"] is None
    assert "An interval needs 10 audited questions." in outside["notes"]


def test_accepted_proposals_audit_nothing(graded):
    compared = comparison.rank_all(graded, "field", TWO)
    question = auditing.audit(graded, compared).next
    for proposal in graded.judgements.all(question.text, sources=["llm"]):
        judging.confirm(graded, proposal, proposal.grade, "ada")
    found = auditing.audit(graded, compared)
    assert (found.next, found.agreement.shared) == (question, 0)
    people_grade(graded, question)
    assert auditing.audit(graded, compared).next != question


def test_without_a_model_s_grades_there_is_nothing_to_audit():
    library = FakeLibrary()
    library.question_sets.put("field", QUESTIONS)
    compared = comparison.rank_all(library, "field", TWO)
    with pytest.raises(NotThere, match="no model has graded"):
        auditing.audit(library, compared)


def test_what_the_model_has_not_graded_is_left_out_and_counted(graded):
    one = next(o for o in graded.judgements.all(QUESTIONS[0].text) if o.document == ALL[0].document)
    graded.judgements.remove(one.id)
    found = auditing.audit(graded, comparison.rank_all(graded, "field", TWO))
    assert (found.sample.incomplete, len(found.sample.waiting)) == (1, 2)
    assert "1 question is left out" in found.sentences[-1]
