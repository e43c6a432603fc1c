import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.errors import SettingsError
from rag.rerank.base import Entry, Scores
from rag.rerank.combine import best_first, blend, fused, with_tail
from rag.rerank.table import FAMILIES, TABLE, resolve
from rag.types import Candidate
from tests.fakes import make_chunk, make_pool
from tests.rag.rerank.conftest import ids
from tests.rag.rerank.fakes import Scripted

POOL = [
    Candidate(make_chunk("a"), dense=0.2, lexical=10.0, fused=1),
    Candidate(make_chunk("b"), dense=0.8, lexical=0.0, fused=1),
    Candidate(make_chunk("c"), dense=0.5, lexical=5.0, fused=1),
]


def test_blending_worked_by_hand(run):
    mixed = blend(POOL, [0.0, 2.0, 4.0], (0.3, 0.3, 0.4))
    assert mixed == pytest.approx([0.3, 0.3 + 0.2, 0.15 + 0.15 + 0.4])
    stage = run(Scripted([0.0, 2.0, 4.0]), POOL, reranker="hybrid:scripted")
    assert ids(stage) == ["c", "b", "a"]
    assert stage.reranker == "hybrid:scripted"


class Spelling(Scripted):
    """A reranker whose vocabulary only spells the language."""

    def coverage(self, texts):
        return 0.1


def test_a_blend_weighs_what_the_reranker_knows_of_the_language(run):
    stage = run(Spelling([0.0, 2.0, 4.0]), POOL, reranker="hybrid:scripted")
    scores = {hit.chunk.id: hit.score for hit in stage.hits}
    assert scores == pytest.approx({"a": 0.3, "b": 0.3 + 0.02, "c": 0.15 + 0.15 + 0.04})
    alike = run(Spelling([0.0, 2.0, 4.0]), POOL, reranker="hybrid:scripted", coverage_weights=False)
    assert alike.hits[0].score == pytest.approx(0.7)


def test_auto_blends_a_cross_encoder_that_hardly_reads_the_language(run, monkeypatch):
    spelling = Entry("cross-encoder", "", lambda _context: Spelling([0.0, 2.0, 4.0]))
    monkeypatch.setitem(TABLE, "cross-encoder", spelling)
    stage = run(None, POOL, reranker="auto")
    assert stage.hits[0].score == pytest.approx(0.15 + 0.15 + 0.04)
    assert "cross-encoder hardly knows this language: blended with" in stage.note


def test_auto_leaves_a_cross_encoder_alone_that_knows_the_language(run, monkeypatch):
    knowing = Entry("cross-encoder", "", lambda _context: Scripted([0.0, 2.0, 4.0]))
    monkeypatch.setitem(TABLE, "cross-encoder", knowing)
    stage = run(None, POOL, reranker="auto")
    assert [hit.score for hit in stage.hits] == [4.0, 2.0, 0.0]
    assert "blended" not in stage.note


def test_a_cascade_gives_the_dear_one_what_the_cheap_one_leaves(run):
    class Dear:
        def score(self, query, texts):
            self.texts = list(texts)
            return [float(i) for i in range(len(texts))]

    dear = Dear()
    stage = run(
        Scripted([1.0, 4.0, 3.0, 2.0]),
        make_pool("a", "b", "c", "d"),
        others={"dear": dear},
        reranker="cascade:scripted>dear",
        rerank_cut=2,
    )
    assert [text[-1] for text in dear.texts] == ["b", "c"]
    assert ids(stage) == ["c", "b", "d", "a"]
    assert stage.details["pairs"] == 6


def test_fusion_of_rerankers_worked_by_hand(run):
    stage = run(
        Scripted([3.0, 2.0, 1.0]),
        make_pool("a", "b", "c"),
        others={"other": Scripted([0.0, 9.0, 5.0])},
        reranker="rrf:scripted+other",
    )
    assert [h.score for h in stage.hits] == pytest.approx(
        [1 / 62 + 1 / 61, 1 / 61 + 1 / 63, 1 / 63 + 1 / 62]
    )
    assert ids(stage) == ["b", "a", "c"]


@given(st.lists(st.lists(st.integers(-3, 3), min_size=4, max_size=4), min_size=1, max_size=3))
def test_fusion_is_the_sum_over_ranks(columns):
    expected = [
        sum(1 / (61 + best_first(column).index(row)) for column in columns) for row in range(4)
    ]
    assert fused([Scores(column) for column in columns], 60) == pytest.approx(expected)


@given(st.data())
def test_what_was_not_scored_stands_below_in_its_order(data):
    order = data.draw(st.permutations(range(6)))
    cut = data.draw(st.integers(0, 6))
    head = {row: float(data.draw(st.integers(-9, 9))) for row in order[:cut]}
    scores = with_tail(head, order)
    assert best_first([scores[row] for row in order[cut:]]) == list(range(6 - cut))
    assert all(scores[row] < s for row in order[cut:] for s in head.values())


@pytest.mark.parametrize(
    "name",
    [
        *TABLE,
        "cross-encoder:BAAI/bge-reranker-base",
        "colbert:colbert-ir/colbertv2.0",
        "cohere:rerank-v4.0-pro",
        "hybrid:late-interaction",
        "hybrid:cascade:late-interaction>cross-encoder:a/b",
        "cascade:rrf:late-interaction+tei>hybrid:cohere",
        "cascade:late-interaction>bge-reranker-base>llm-listwise:gpt-4o",
        "rrf:late-interaction+cross-encoder+tei",
    ],
)
def test_a_name_comes_back_from_what_it_makes(name):
    assert resolve(name).name == name
    assert resolve(name).summary


def test_every_family_is_in_the_table_or_takes_a_model():
    assert set(FAMILIES) - set(TABLE) == {"colbert"}


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("bge-rerank-base", "did you mean bge-reranker-base"),
        ("MS-MARCO-minilm-l-6-v2", "did you mean ms-marco-MiniLM-L-6-v2"),
        ("hybrid:late-interacton", "did you mean late-interaction"),
        ("cascade:late-interaction", "needs two rerankers: cascade:A>B"),
        ("rrf:", "needs two"),
        ("cascade:late-interaction>", "unknown reranker ''"),
        ("hybrid:", "unknown reranker 'hybrid:'"),
        ("cross-encoder:", "unknown reranker"),
        ("zzzzqqq", "there are auto, none, late-interaction.*cascade:A>B"),
    ],
)
def test_a_wrong_name_gives_the_nearest(name, said):
    with pytest.raises(SettingsError, match=said):
        resolve(name)
