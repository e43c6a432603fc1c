"""Agreement against worked examples."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sklearn.metrics import cohen_kappa_score

from rag.evaluate.judgements.agreement import (
    Distance,
    agreement,
    cohen_kappa,
    compared_with_people,
    interval,
    krippendorff_alpha,
    nominal,
)
from rag.evaluate.judgements.record import Judgement, Source

FIRST = [0, 1, 2, 3, 3, 1, 0, 2, 2, 1]
SECOND = [0, 1, 1, 3, 2, 1, 0, 2, 3, 0]


def test_kappa_by_hand():
    """20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: agreement 0.7, by chance 0.5, kappa 0.4."""
    first = [1] * 25 + [0] * 25
    second = [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15
    assert cohen_kappa(list(zip(first, second, strict=True))) == pytest.approx(0.4)


@pytest.mark.parametrize(("distance", "weights"), [(nominal, None), (interval, "quadratic")])
def test_kappa_is_sklearns(distance: Distance, weights: str | None):
    theirs = cohen_kappa_score(FIRST, SECOND, weights=weights)
    pairs = list(zip(FIRST, SECOND, strict=True))
    assert cohen_kappa(pairs, distance) == pytest.approx(theirs)


def test_kappa_without_anything_to_go_by():
    assert cohen_kappa([]) is None
    assert cohen_kappa([(1, 1), (1, 1)]) is None


def test_alpha_is_krippendorffs_own_example():
    """Four observers, twelve units, gaps: his "Computing Krippendorff's Alpha-Reliability" (2011),
    section C (nominal 0.743) and D (interval 0.849)."""
    observers = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    units = [[g for g in unit if g is not None] for unit in zip(*observers, strict=True)]
    assert krippendorff_alpha(units, nominal) == pytest.approx(0.743, abs=0.0005)
    assert krippendorff_alpha(units) == pytest.approx(0.849, abs=0.0005)


def test_alpha_without_anything_to_go_by():
    assert krippendorff_alpha([[1], [2]]) is None
    assert krippendorff_alpha([[2, 2], [2, 2]]) is None
    assert krippendorff_alpha([[1, 1], [2, 2]]) == 1.0


def one(start: int, end: int, grade: int, judge: str, source: Source = "person") -> Judgement:
    return Judgement("Why?", "a.txt", "d", start, end, "x" * (end - start), grade, judge, source)


def test_a_models_passage_meets_the_quotes_within_it():
    held = [
        one(0, 100, 3, "gpt", "llm"),
        one(100, 200, 1, "gpt", "llm"),
        one(200, 300, 2, "gpt", "llm"),
        one(20, 30, 2, "import", "import"),  # within the first
        one(0, 100, 1, "ada"),  # with the quote: lower median of 2 and 1
        one(95, 115, 0, "ben"),  # three quarters of it are in the second
        one(210, 290, 3, "readers", "feedback"),  # nobody's judgement
    ]
    assert compared_with_people(held) == {"gpt": [(3, 1), (1, 0)]}
    assert compared_with_people(held[:3]) == {"gpt": []}


def test_a_person_who_accepted_what_the_model_proposed_does_not_agree_with_it():
    taken = replace(one(0, 9, 3, "ada"), accepted=True)
    found = agreement([one(0, 9, 3, "g", "llm"), taken, one(9, 12, 2, "ada")])
    assert (found.pairs[0].who, found.pairs[0].shared) == ("g (model) and the people", 0)
    ada = next(count for count in found.judges if count.judge == "ada")
    assert (ada.judgements, ada.accepted) == (2, 1)


def test_a_model_is_counted_with_those_who_requested_its_grades():
    held = [one(n, n + 1, 3, "g", "llm") for n in range(4)]
    held = [
        replace(g, requested_by=by) for g, by in zip(held, ("bo", "", "ada", "bo"), strict=True)
    ]
    assert [count.requested_by for count in agreement(held).judges] == [("ada", "bo")]
    assert agreement([one(0, 9, 3, "ada")]).judges[0].requested_by == ()


def test_only_spans_that_both_judged_are_compared():
    held = [
        one(0, 9, 3, "ada"),
        one(0, 9, 1, "ben"),
        one(9, 12, 2, "ben"),
        one(9, 12, 2, "cy"),
        one(0, 9, 0, "g", "llm"),
    ]
    found = agreement(held)
    assert [(pair.who, pair.shared) for pair in found.pairs] == [
        ("ada and ben", 1), ("ben and cy", 1), ("g (model) and the people", 1)
    ]  # fmt: skip
    assert found.alpha == pytest.approx(1 - 3 * 8 / 16)  # 16: the steps between all of 3 1 2 2


def test_agreement_is_worked_out_over_what_both_judged():
    held = [
        one(i, i + 1, grade, judge, source)
        for judge, source, given in (
            ("ada", "person", (0, 1, 2, 3)),
            ("ben", "person", (0, 1, 2, 2)),
            ("gpt", "llm", (3, 1, 2, 2)),
        )
        for i, grade in enumerate(given)
    ]
    found = agreement(held)
    assert [(c.judge, c.source, c.judgements, c.lost) for c in found.judges] == [
        ("ada", "person", 4, 0), ("ben", "person", 4, 0), ("gpt", "llm", 4, 0)
    ]  # fmt: skip
    people, model = found.pairs
    # 3 of 4 alike; by chance (1·1 + 1·1 + 1·2 + 1·0) / 16 = 0.25: (0.75-0.25)/0.75
    assert (people.who, people.shared, people.alpha) == ("ada and ben", 4, None)
    assert people.kappa == pytest.approx(2 / 3)
    # The people's medians are 0 1 2 2, the model's grades 3 1 2 2: 3 of 4 alike, by chance 5 / 16.
    assert (model.who, model.model) == ("gpt (model) and the people", "gpt")
    assert model.kappa == pytest.approx((0.75 - 5 / 16) / (11 / 16))
    # Observed 9; expected over all 16 pairs of the model's 3 1 2 2 with 0 1 2 2, divided by 4.
    assert model.weighted == pytest.approx(1 - 9 / (28 / 4))
    assert model.alpha == pytest.approx(1 - 7 * 18 / 94)
    assert model.confusion == [[0, 0, 0, 0], [0, 1, 0, 0], [0, 0, 2, 0], [1, 0, 0, 0]]
