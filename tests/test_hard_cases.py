"""The questions about negations, JSON and tables are well formed, and counted as described."""

import json
from collections import Counter

from benchmarks.hard_cases import Case, Passage, forms, is_above, negations, tables
from rag.types import Stage, StageName, ranked
from tests.fakes import make_chunk

CASES = [*negations(), *forms(), *tables()]


def test_there_are_sixty_questions_of_three_kinds():
    sets = [{case.question for case in made()} for made in (negations, forms, tables)]
    assert [len(questions) for questions in sets] == [24, 18, 18]


def test_every_pool_has_one_right_passage_and_no_other_twice():
    for case in CASES:
        assert len(set(case.pool)) == len(case.pool)
        assert case.rivals


def test_each_pair_of_opposites_is_asked_about_in_both_ways():
    asked = [case for case in negations() if case.others]
    assert Counter(case.right for case in asked) == Counter(case.rivals[0] for case in asked)
    assert {len(case.pool) for case in asked} == {4}


def test_both_forms_of_a_fact_hold_the_same_figures():
    for case in forms():
        if not case.kind.startswith("prose above JSON text"):
            continue
        (fact,) = case.rivals
        figures = [v for v in json.loads(fact.text).values() if isinstance(v, int | float)]
        for figure in figures:
            if not isinstance(figure, bool) and figure > 12:
                assert f"{figure:,}" in case.right.text or str(figure) in case.right.text


def test_a_case_counts_if_the_right_passage_is_above_all_rivals():
    right, rival, other = Passage("a"), Passage("b"), Passage("c")
    case = Case("kind", "question", right, (rival,), (other,))
    names = {right: "1.txt", rival: "2.txt", other: "3.txt"}

    def above(*order):
        hits = [(make_chunk(name, name, f"{name}.txt"), -float(i)) for i, name in enumerate(order)]
        return is_above(Stage(StageName.RERANKED, ranked(hits), 0.0), case, names)

    assert above("3", "1", "2")
    assert above("1")
    assert not above("2", "1", "3")
    assert not above("2")
    assert not is_above(None, case, names)
