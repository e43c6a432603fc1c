"""The engine that calls rank-bm25."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

import rag.store.okapi
from rag.store.okapi import OkapiIndex
from tests.rag.store.words import Words


def test_is_rebuilt_at_the_first_search_after_a_change_only(tmp_path: Path, monkeypatch) -> None:
    built = []
    real = rag.store.okapi.BM25Okapi
    monkeypatch.setattr(
        rag.store.okapi, "BM25Okapi", lambda *a, **k: built.append(1) or real(*a, **k)
    )
    index = OkapiIndex.open(tmp_path, Words())
    index.add(["1", "2"], ["a", "b"])
    index.add(["3"], ["c"])
    assert built == []
    index.search("a", 1)
    index.search("b", 1)
    index.remove(["unknown"])
    index.search("b", 1)
    assert built == [1]
    index.remove(["1"])
    index.search("b", 1)
    assert built == [1, 1]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text("abc", max_size=6).map(" ".join), max_size=8), st.text("abcz", max_size=4))
def test_explanations_sum_to_the_scores(texts: list[str], query: str) -> None:
    index = OkapiIndex(Path("unused"), Words())
    ids = [str(n) for n in range(len(texts))]
    index.add(ids, texts)
    words = " ".join(query)
    scores = dict(zip(ids, index.score(words, ids), strict=True))
    for id, score in scores.items():
        assert abs(sum(index.explain(words, id).values()) - score) < 1e-12
    assert dict(index.search(words, 9)).items() <= scores.items()
