"""Advice as it is asked for; what it is made of is in tests/rag/evaluate/advice."""

import pytest

from rag.errors import RanklensError
from rag.llm.prices import rerank_prices
from rag.settings import Settings
from ranklens import advising, judged_sets
from ranklens.advising import AdviceWishes
from tests.ui.fakes import ALL, FakeLibrary

Q = "How should batteries be kept?"


@pytest.mark.parametrize(
    ("wishes", "why"),
    [
        ({"percentile": 90}, "95 or 99, not 90"),
        ({"pools": ()}, "at least one passage"),
        ({"pools": (0,)}, "at least one passage"),
    ],
)
def test_wishes_that_cannot_be_kept_are_refused(wishes, why):
    with pytest.raises(RanklensError, match=why):
        AdviceWishes(**wishes)


def test_no_reranking_is_no_reranker_to_be_advised():
    library = FakeLibrary()
    library.judgements.grade(Q, ALL[0], 2, "ada")
    with (
        judged_sets.judged_set(library, [Q]) as judged,
        pytest.raises(RanklensError, match="none is no reranker"),
    ):
        advising.advice(judged, AdviceWishes(("none",)))


def test_hosted_prices_count_searches_and_tokens(tmp_path):
    table = tmp_path / "prices.toml"
    table.write_text(
        'date = "2026-01-02"\n[rerank]\n"a:*" = { per_search = 0.002 }\n'
        '"b:*" = { per_million_tokens = 0.05 }\n"own:*" = { per_search = 0.0 }\n'
    )
    found = rerank_prices(Settings(prices=str(table)), searches=2, tokens=10_000)
    assert found == {"a:*": 0.004, "b:*": pytest.approx(0.0005)}


def test_auto_is_shown_as_what_it_chooses_here():
    library = FakeLibrary()
    library.judgements.grade(Q, ALL[0], 2, "ada")
    with judged_sets.judged_set(library, [Q]) as judged:
        found = advising.advice(judged, AdviceWishes(("auto", "late-interaction"), (10,)))
    assert [curve.reranker for curve in found.curves] == ["late-interaction"]
    assert "auto" not in advising.summarise(found).headline
