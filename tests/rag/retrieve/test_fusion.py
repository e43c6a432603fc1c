import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.retrieve.fusion import fuse, reciprocal_rank, weighted
from rag.settings import Settings
from rag.types import ranked
from tests.fakes import make_chunk

A, B, C, D = (make_chunk(name) for name in "abcd")
DENSE = ranked([(A, 0.9), (B, 0.5), (C, 0.1)])
LEXICAL = ranked([(C, 12.0), (D, 8.0), (A, 4.0)])


def scores(hits):
    return {h.chunk.id: pytest.approx(h.score) for h in hits}


def test_reciprocal_ranks_worked_by_hand():
    hits = reciprocal_rank([(DENSE, 1.0), (LEXICAL, 2.0)], k=60)
    assert scores(hits) == {
        "a": 1 / 61 + 2 / 63,
        "b": 1 / 62,
        "c": 1 / 63 + 2 / 61,
        "d": 2 / 62,
    }
    assert [h.chunk.id for h in hits] == ["c", "a", "d", "b"]


def test_weighted_scores_are_normalised_within_each_ranking():
    hits = weighted([(DENSE, 1.0), (LEXICAL, 0.5)])
    assert scores(hits) == {"a": 1.0, "b": 0.5, "c": 0.5, "d": 0.25}


def test_a_ranking_without_a_span_gives_all_it_holds_its_whole_weight():
    # The only passage with a rare word must not count as if BM25 had not found it.
    hits = weighted([(DENSE, 1.0), (ranked([(D, 33.0)]), 0.8)])
    assert scores(hits) == {"a": 1.0, "b": 0.5, "c": 0.0, "d": 0.8}


def test_the_settings_choose_the_method():
    by_rank = fuse([(DENSE, 1.0)], Settings(fusion="rrf", rrf_k=9))
    assert by_rank[0].score == pytest.approx(1 / 10)
    assert fuse([(DENSE, 1.0)], Settings(fusion="weighted"))[0].score == 1.0


def test_nothing_to_fuse_gives_nothing():
    assert reciprocal_rank([]) == ()
    assert weighted([((), 1.0)]) == ()


@given(st.permutations("abcdefgh"), st.permutations("abcdefgh"), st.integers(0, 8))
def test_fusion_holds_each_chunk_once(one, other, cut):
    rankings = [
        (ranked((make_chunk(n), -i) for i, n in enumerate(names)), 1.0)
        for names in (one[:cut], other)
    ]
    for method in (reciprocal_rank, weighted):
        assert sorted(h.chunk.id for h in method(rankings)) == sorted("abcdefgh")
