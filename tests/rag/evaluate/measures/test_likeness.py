from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rag.evaluate.measures.likeness import kendall_tau, likeness, overlap, rbo
from tests.rag.evaluate.made import make

ORDERS = st.permutations("abcdefgh")


@given(ORDERS, ORDERS)
def test_tau_is_scipys(first: list[str], second: list[str]):
    places = [second.index(item) for item in first]
    assert kendall_tau(first, second) == pytest.approx(stats.kendalltau(range(8), places).statistic)


def test_tau_needs_two_items():
    assert kendall_tau("ab", "bc") is None
    assert kendall_tau("abc", "xcb") == -1.0


def test_rbo_by_hand():
    """Depth 3, p 0.9: shared 0, 2, 3 of the first 1, 2, 3; 0.729 + 0.1/0.9 * (0.81 + 0.729)."""
    assert rbo("abc", "bac") == pytest.approx(0.729 + 0.1 / 0.9 * (0.81 + 0.729))
    assert rbo("abc", "abc") == pytest.approx(1.0)
    assert rbo("abc", "xyz") == 0.0
    assert rbo("", "") == 1.0
    assert rbo("", "a") == 0.0


@given(ORDERS, ORDERS)
def test_rbo_is_symmetric_and_weighs_the_top(first: list[str], second: list[str]):
    assert rbo(first, second) == pytest.approx(rbo(second, first))
    assert 0 <= rbo(first, second) <= 1 + 1e-9
    swapped_top = [first[1], first[0], *first[2:]]
    swapped_end = [*first[:-2], first[-1], first[-2]]
    assert rbo(first, swapped_top) < rbo(first, swapped_end)


def test_overlap():
    assert overlap("abcd", "badx", 3) == pytest.approx(2 / 3)
    assert overlap("ab", "b", 10) == 0.5
    assert overlap("", "", 10) == 1.0


def test_two_pipelines_over_one_pool():
    evaluation = make(9)
    found = likeness(evaluation.runs[0], evaluation.runs[1])
    assert found is not None
    assert found.same_pool
    assert found.questions == 9
    assert 0 < found.rbo < 1
    assert found.tau is not None
    assert likeness(evaluation.runs[0], replace(evaluation.runs[1], results=())) is None
