"""Scores of every unit as relevances from 0 to 1, in the same order."""

import pytest

from rag.rerank.base import Combined, leaves
from rag.rerank.relevance import relevances
from rag.rerank.table import TABLE

WEIGHTS = 0.7


@pytest.mark.parametrize(
    ("unit", "scores", "expected"),
    [
        ("logit", [0.0, 1000.0, -1000.0], [0.5, 1.0, 0.0]),
        ("mean cosine", [0.7, -0.1], [0.7, 0.0]),
        ("relevance", [0.2, 1.0], [0.2, 1.0]),
        ("probability", [0.2, 0.9], [0.2, 0.9]),
        ("place in the order", [1.0, 0.5], [1.0, 0.5]),
        ("MaxSim", [20.0, 5.0], [1.0, 0.25]),
        ("reciprocal ranks", [0.03, 0.015], [1.0, 0.5]),
        ("weighted sum", [0.7, 0.35, 0.0], [1.0, 0.5, 0.0]),
        ("", [0.2, 0.9], [0.2, 0.9]),
        ("", [0.0, -2.0], [0.5, 0.119203]),
        ("MaxSim", [0.0, -1.0], [0.0, 0.0]),
        ("logit", [], []),
        ("MaxSim", [], []),
    ],
)
def test_a_relevance(unit: str, scores: list[float], expected: list[float]):
    assert relevances(scores, unit, WEIGHTS) == pytest.approx(expected, abs=1e-6)


def test_every_unit_of_the_table_is_known():
    units = {leaf.unit for one in TABLE.values() for leaf in leaves(one) if leaf.unit}
    assert units <= {
        "logit", "mean cosine", "relevance", "probability", "place in the order", "MaxSim",
        "learned sum",
    }  # fmt: skip
    assert any(isinstance(one, Combined) for one in TABLE.values())


@pytest.mark.parametrize(
    "unit", ["logit", "mean cosine", "relevance", "MaxSim", "learned sum", "weighted sum", ""]
)
def test_the_order_is_that_of_the_scores(unit: str):
    scores = [3.0, 1.5, 0.9, 0.5, 0.0, -0.5, -7.0]
    found = relevances(scores, unit, WEIGHTS)
    assert found == sorted(found, reverse=True)
    assert all(0 <= one <= 1 for one in found)
