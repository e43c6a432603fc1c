"""Agreement against worked examples."""

from __future__ import annotations

import pytest
from sklearn.metrics import cohen_kappa_score

from rag.evaluate.judgements.agreement import cohen_kappa, krippendorff_alpha, nominal, pairwise

FIRST = [0, 1, 2, 3, 3, 1, 0, 2, 2, 1]
SECOND = [0, 1, 1, 3, 2, 1, 0, 2, 3, 0]


def test_kappa_by_hand():
    """20 yes-yes, 5 yes-no, 10 no-yes, 15 no-no: agreement 0.7, by chance 0.5, kappa 0.4."""
    first = [1] * 25 + [0] * 25
    second = [1] * 20 + [0] * 5 + [1] * 10 + [0] * 15
    assert cohen_kappa(first, second) == pytest.approx(0.4)


@pytest.mark.parametrize(("weighted", "weights"), [(False, None), (True, "quadratic")])
def test_kappa_is_sklearns(weighted: bool, weights: str | None):
    theirs = cohen_kappa_score(FIRST, SECOND, weights=weights)
    assert cohen_kappa(FIRST, SECOND, weighted) == pytest.approx(theirs)


def test_kappa_without_anything_to_go_by():
    assert cohen_kappa([], []) is None
    assert cohen_kappa([1, 1], [1, 1]) is None
    with pytest.raises(ValueError, match="same items"):
        cohen_kappa([1], [1, 2])


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


def test_pairs_share_only_what_both_graded():
    grades = {"ada": {"x": 1, "y": 0, "z": 2}, "bo": {"x": 1, "y": 0}, "cy": {}}
    found = pairwise(grades)
    assert found["ada", "bo"] == (2, 1.0)
    assert found["ada", "cy"] == (0, None)
