import math

import pytest

from rag.errors import RerankError
from rag.types import Stage, Trace, normalised, ranked
from tests.fakes import make_chunk

A, B, C = (make_chunk(name) for name in "abc")


def test_ranked_orders_by_score_and_numbers_from_one():
    hits = ranked([(A, 0.1), (B, 3.0), (C, -2.0)])
    assert [(h.chunk.id, h.rank, h.score) for h in hits] == [
        ("b", 1, 3.0),
        ("a", 2, 0.1),
        ("c", 3, -2.0),
    ]


def test_ties_keep_the_order_in_which_they_came():
    assert [h.chunk.id for h in ranked([(C, 1.0), (A, 1.0), (B, 1.0)])] == ["c", "a", "b"]


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_not_finite_is_refused_where_it_arises(score):
    with pytest.raises(RerankError, match="passage b"):
        ranked([(A, 1.0), (B, score)])


def test_a_chunk_cannot_be_ranked_twice():
    with pytest.raises(RerankError, match="twice"):
        ranked([(A, 1.0), (A, 0.5)])


def test_normalised_spans_zero_to_one():
    assert normalised([2.0, 4.0, 3.0]) == [0.0, 1.0, 0.5]
    assert normalised([7.0, 7.0]) == [0.0, 0.0]
    assert normalised([]) == []


def test_the_passage_carries_the_documents_name_and_headings():
    chunk = make_chunk("x", "Sales rose.", document="2022 Q3 AAPL.pdf", heading=("Item 2", "Sales"))
    assert chunk.passage == "2022 Q3 AAPL › Item 2 › Sales\nSales rose."


def test_evidence_is_the_last_stage_cut_by_top_and_threshold():
    last = Stage("reranked", ranked([(A, 0.9), (B, 0.5), (C, 0.1)]), 0.0)

    def evidence(**settings):
        trace = Trace("q", settings, (Stage("fused", (), 0.0), last))
        return [h.chunk.id for h in trace.evidence]

    assert evidence(top=2, threshold=None) == ["a", "b"]
    assert evidence(top=5, threshold=0.5) == ["a", "b"]
    assert evidence(top=1, threshold=0.95) == []


def test_dense_and_lexical_run_side_by_side_so_the_longer_one_counts():
    stages = [Stage(n, (), s) for n, s in (("dense", 3.0), ("lexical", 1.0), ("fused", 0.5))]
    assert Trace("q", {}, tuple(stages)).seconds == 3.5


def test_equal_settings_have_equal_digests():
    one = Trace("q", {"pool": 50, "top": 5}, ())
    other = Trace("another", {"top": 5, "pool": 50}, ())
    assert one.settings_digest == other.settings_digest
    assert one.settings_digest != Trace("q", {"pool": 51, "top": 5}, ()).settings_digest
