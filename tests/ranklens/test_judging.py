"""Judging over the fake library: pools, one judge's grades, proposals, judgements as files."""

from pathlib import Path

import pytest

from rag.errors import RanklensError
from rag.evaluate.data import Question
from rag.evaluate.judgements.pooling import pooled
from ranklens import judging
from ranklens.judging import export_judgements, import_judgements
from tests.ui.fakes import ALL, FakeLibrary, trace_of

Q = "How should batteries be kept?"


@pytest.fixture
def library():
    return FakeLibrary()


def held(library):
    return library.judgements.all()


def test_the_pool_has_the_first_of_every_stage_in_an_order_of_chance():
    first, second = (trace_of(Q, reranker=name) for name in ("late-interaction", "none"))
    chunks = pooled([first, second], 2)
    # dense 0 2, lexical 1 0, fused 0 1, reranked 10 0
    assert {ALL.index(chunk) for chunk in chunks} == {0, 1, 2, 10}
    assert chunks == pooled([second, first], 2)
    orders = {tuple(c.id for c in pooled([trace_of(f"{Q} {i}")], 10)) for i in range(5)}
    assert len(orders) == 5


def test_judgements_come_in_from_csv_and_qrels(library):
    questions = [Question("q1", Q)]
    chunk = ALL[0]
    line = f"q1 0 field-guide.pdf#{chunk.start}-{chunk.end} 3\n"
    assert import_judgements(library, Path("a.qrels"), questions, data=line.encode()) == 1
    assert [one.quote for one in held(library)] == [chunk.text]
    with pytest.raises(RanklensError, match="line 1"):
        import_judgements(library, Path("a.qrels"), questions, data=b"q9 0 x 3\n")
    with pytest.raises(RanklensError, match=r"^a.csv is not UTF-8 text \(line 2\); save it as"):
        import_judgements(library, Path("a.csv"), data=b"question,document,grade\nf\xfcr")


@pytest.mark.parametrize("name", ["all.csv", "all.qrels"])
def test_what_is_exported_can_be_imported(library, name):
    questions = [Question("q1", Q)]
    library.judgements.grade(Q, ALL[0], 3, "ada", "says it")
    before = [(one.document, one.start, one.end, one.grade) for one in held(library)]
    text = export_judgements(library, Path(name), questions)
    assert library.judgements.remove(held(library)[0].id)
    assert import_judgements(library, Path(name), questions, data=text.encode()) == 1
    assert [(one.document, one.start, one.end, one.grade) for one in held(library)] == before


def test_a_judge_withdraws_the_own_grade_of_exactly_this_passage(library):
    library.judgements.grade(Q, ALL[0], 3, "ada")
    library.judgements.grade(Q, ALL[0], 1, "ben")
    assert not judging.withdraw(library, Q, ALL[1], "ada")
    assert judging.withdraw(library, Q, ALL[0], "ada")
    assert [one.judge for one in held(library)] == ["ben"]
    assert judging.ungraded(library, Q, ALL[:2], "ada") == ALL[:2]
    assert judging.ungraded(library, Q, ALL[:2], "ben") == ALL[1:2]


def test_the_own_grade_counts_first_and_a_proposal_never(library):
    library.judgements.grade(Q, ALL[0], 0, "model", source="llm")
    given = library.judgements.for_chunks(Q, [ALL[0]])[ALL[0].id]
    assert judging.counting(given, "ada") is None
    library.judgements.grade(Q, ALL[0], 3, "ada")
    library.judgements.grade(Q, ALL[0], 1, "ben")
    given = library.judgements.for_chunks(Q, [ALL[0]])[ALL[0].id]
    assert [judging.counting(given, who).grade for who in ("ada", "ben", "cy")] == [3, 1, 1]


def test_a_confirmed_proposal_is_a_persons_and_waits_no_more(library):
    library.judgements.grade(Q, ALL[0], 2, "model", "a reason", source="llm")
    count, (proposal,) = library.judgements.unconfirmed("llm", "ada", 5)
    assert count == 1
    judging.confirm(library, proposal, 3, "ada")
    assert library.judgements.unconfirmed("llm", "ada", 5) == (0, [])
    assert library.judgements.qrels([Q]).grades == {Q: {ALL[0].id: 3}}


def test_a_confirmed_proposal_is_no_blind_grade_until_the_judge_grades_the_passage(library):
    library.judgements.grade(Q, ALL[0], 2, "model", source="llm")
    _, (proposal,) = library.judgements.unconfirmed("llm", "ada", 5)
    judging.confirm(library, proposal, 2, "ada")
    assert library.judgements.qrels([Q], blind=True).grades == {}
    assert judging.ungraded(library, Q, ALL[:1], "ada") == ALL[:1]
    library.judgements.grade(Q, ALL[0], 1, "ada")
    assert library.judgements.qrels([Q], blind=True).grades == {Q: {ALL[0].id: 1}}
    assert judging.ungraded(library, Q, ALL[:1], "ada") == []


def test_a_file_says_which_grades_were_proposals(library):
    library.judgements.grade(Q, ALL[0], 2, "model", source="llm")
    _, (proposal,) = library.judgements.unconfirmed("llm", "ada", 5)
    judging.confirm(library, proposal, 2, "ada")
    library.judgements.grade(Q, ALL[1], 3, "ada")
    written = export_judgements(library, Path("a.csv"))
    library.judgements.remove_all(Q, "person")
    import_judgements(library, Path("a.csv"), [], data=written.encode())
    own = [one for one in held(library) if one.judge == "ada"]
    assert [(one.grade, one.accepted) for one in own] == [(2, True), (3, False)]
