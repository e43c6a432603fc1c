"""What to judge next for a comparison, over the fake library."""

import pytest

from rag.errors import RanklensError
from rag.evaluate.data import Question
from ranklens import background, comparison, job_results
from tests.ui.fakes import ALL, FUSED, RERANKED, FakeLibrary

Q, WHY = "How should batteries be kept?", "Why?"
TWO = {"none": {"reranker": "none"}, "late": {"reranker": "late-interaction"}}


@pytest.fixture
def library():
    made = FakeLibrary()
    made.question_sets.put("field", [Question("q1", Q), Question("q2", WHY)])
    return made


def test_the_next_passage_is_what_both_rank_most_differently(library):
    compared = comparison.rank_all(library, "field", TWO)
    assert {name: len(of["q1"]) for name, of in compared.rankings.items()} == {
        "none": 10, "late": 10
    }  # fmt: skip
    (one,) = comparison.useful(library, compared)
    # 10 is first after reranking and fifth before; 0 is first before and second after.
    assert (FUSED.index(10), RERANKED.index(10)) == (4, 0)
    assert one.passage == ALL[10]
    assert "none" not in one.why
    assert "late" not in one.why
    assert "no relevant passage yet" in one.why
    library.judgements.grade(one.question.text, one.passage, 3, "ada")
    (second,) = comparison.useful(library, compared)
    assert second.question != one.question, "questions without a relevant passage come first"
    (third,) = comparison.useful(library, compared, 1, {(second.question.id, ALL[10].id)})
    assert third.passage != ALL[10]


def test_the_standing_follows_the_judgements(library):
    compared = comparison.rank_all(library, "field", TWO)
    (before,) = comparison.standings(library, compared)
    assert before.difference.questions == 0
    assert "late against none: no relevant passage is known yet" in next(
        comparison.summary(library, compared)
    )
    for question in (Q, WHY):
        library.judgements.grade(question, ALL[10], 3, "ada")
    (after,) = comparison.standings(library, compared)
    assert (after.difference.wins, after.difference.questions) == (2, 2)
    waiting = comparison.left(library, compared)
    found = comparison.outside(library, compared, 3)
    assert len(found["next"]) == 3
    assert f"{waiting} passages are left" in found["standing"][-1]
    library.judgements.grade(Q, ALL[0], 0, "ada")
    assert comparison.left(library, compared) == waiting - 1


def test_a_model_s_grade_is_no_judgement(library):
    compared = comparison.rank_all(library, "field", TWO)
    waiting = comparison.left(library, compared)
    library.judgements.grade(Q, ALL[10], 3, "gpt", source="llm")
    assert comparison.left(library, compared) == waiting


def test_one_pipeline_or_a_set_of_whole_documents_cannot_be_compared(library):
    with pytest.raises(RanklensError, match="two pipelines"):
        comparison.rank_all(library, "field", {"none": {"reranker": "none"}})
    with pytest.raises(RanklensError, match="no question set"):
        comparison.rank_all(library, "gone", TWO)
    library.judgements.add(whole(library))
    with pytest.raises(RanklensError, match="whole documents"):
        comparison.rank_all(library, "field", TWO)


def whole(library):
    from rag.evaluate.judgements.record import Judgement

    return [Judgement(Q, ALL[0].document, "0" * 64, 0, 0, "", 3, "import", "import")]


def test_the_job_keeps_the_rankings(library):
    job = background.rank_all(library, "field", TWO)
    job.thread.join()
    assert job_results.ranked(library, job.id).questions[0].id == "q1"
    assert set(job_results.result(job)) >= {"questions", "rankings", "failures"}
