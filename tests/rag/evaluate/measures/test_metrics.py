"""ir_measures' figures against the formulas written out here."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import SettingsError
from rag.evaluate.measures.metrics import (
    DEFAULT,
    baselines,
    checked,
    metric_label,
    per_question,
    shuffled,
)


def dcg(grades: list[int]) -> float:
    return sum(grade / math.log2(rank + 1) for rank, grade in enumerate(grades, 1))


def by_formula(name: str, items: list[str], grades: dict[str, int]) -> float:
    stem, _, depth = name.partition("@")
    k = int(depth or len(items) or 1)
    first = [grades.get(item, 0) for item in items[:k]]
    relevant = sum(grade > 0 for grade in grades.values())
    hits = [i for i, item in enumerate(items, 1) if grades.get(item, 0) > 0]
    match stem:
        case "ndcg":
            ideal = dcg(sorted(grades.values(), reverse=True)[:k])
            return dcg(first) / ideal if ideal else 0.0
        case "recall":
            return sum(g > 0 for g in first) / relevant if relevant else 0.0
        case "precision":
            return sum(g > 0 for g in first) / k
        case "hit":
            return float(any(g > 0 for g in first))
        case "judged":
            return sum(item in grades for item in items[:k]) / len(first) if first else 0.0
        case "mrr":
            return 1 / hits[0] if hits else 0.0
        case "map":
            found = [(place + 1) / rank for place, rank in enumerate(hits)]
            return sum(found) / relevant if relevant else 0.0
    raise AssertionError(name)


ITEMS = [f"Ünit {i} (doc)" for i in range(30)]


@given(
    st.lists(st.sampled_from(ITEMS), unique=True, min_size=1),
    st.dictionaries(st.sampled_from(ITEMS), st.integers(0, 3), min_size=1),
)
@settings(max_examples=60, deadline=None)
def test_every_metric_is_its_formula(items: list[str], grades: dict[str, int]):
    found = per_question({"q": items}, {"q": grades}, (*DEFAULT, "ndcg@3"))
    for name in (*DEFAULT, "ndcg@3"):
        assert found[name]["q"] == pytest.approx(by_formula(name, items, grades), abs=1e-6), name


def test_a_worked_example():
    """Grades 0, 3, 1 at the first places; a fourth item of grade 2 was never found."""
    found = per_question(
        {"q": ["a", "b", "c"]}, {"q": {"a": 0, "b": 3, "c": 1, "d": 2}}, ("ndcg@10", "map", "mrr")
    )
    gained = 3 / math.log2(3) + 1 / 2
    ideal = 3 + 2 / math.log2(3) + 1 / 2
    assert found["ndcg@10"]["q"] == pytest.approx(gained / ideal, abs=1e-9)
    assert found["map"]["q"] == pytest.approx((1 / 2 + 2 / 3) / 3)
    assert found["mrr"]["q"] == 0.5


def test_a_question_without_anything_gets_nothing():
    found = per_question({"empty": [], "strange": ["x"]}, {"empty": {"a": 1}}, ("ndcg@10",))
    assert found == {"ndcg@10": {"empty": 0.0, "strange": 0.0}}
    assert per_question({}, {}, ("mrr",)) == {"mrr": {}}


def test_order_counts_even_where_ids_would_break_ties():
    grades = {"q": {"a": 1}}
    first, second = (
        per_question({"q": items}, grades, ("mrr",))["mrr"]["q"]
        for items in (["a", "z"], ["z", "a"])
    )
    assert (first, second) == (1.0, 0.5)


@pytest.mark.parametrize("name", ["ndcg", "mrr@10", "bleu@4", "ndcg@0", "recall@", ""])
def test_an_unknown_metric_is_refused_with_what_there_is(name: str):
    with pytest.raises(SettingsError, match="ndcg@K, recall@K"):
        checked(name)


def test_baselines_enclose_every_order():
    grades = {"q": {f"d{i}": i % 3 for i in range(12)}}
    pool = [f"d{i}" for i in range(12)]
    random.Random(1).shuffle(pool)
    found = baselines({"q": pool}, grades, ("ndcg@10",))
    assert found["oracle"]["ndcg@10"] == pytest.approx(1.0)
    assert 0 < found["random"]["ndcg@10"] < 1
    assert baselines({"q": pool[::-1]}, grades, ("ndcg@10",)) == found
    assert shuffled({"q": pool}, 3) == shuffled({"q": pool}, 3) != shuffled({"q": pool}, 4)
    assert baselines({}, grades, ("mrr",)) == {}


def test_metrics_are_shown_as_the_field_writes_them():
    labels = [metric_label(name) for name in ("ndcg@10", "recall@50", "mrr", "map", "hit@5")]
    assert labels == ["nDCG@10", "Recall@50", "MRR", "MAP", "Success@5"]
