import pytest

from rag.rerank.policy import Costs, decide, sureness
from rag.settings import Settings
from rag.types import Candidate
from tests.fakes import make_chunk, make_pool
from tests.rag.rerank.conftest import ids
from tests.rag.rerank.fakes import Counted, Scripted

SURE = [
    Candidate(make_chunk("a"), 0.9, 10.0, 3.0),
    Candidate(make_chunk("b"), 0.5, 2.0, 2.0),
    Candidate(make_chunk("c"), 0.1, 0.0, 1.0),
]
UNSURE = [Candidate(c.chunk, c.dense, 0.0, c.fused) for c in SURE[:2]] + [
    Candidate(make_chunk("c"), 0.1, 9.0, 1.0)
]


def test_leads_worked_by_hand():
    # strengths: 1.0, (0.5 + 0.2) / 2, 0.0
    assert sureness(SURE, Settings(top=3)) == pytest.approx((0.65, 1.0))
    assert sureness(SURE, Settings(top=2)) == pytest.approx((0.65, 0.65))
    # strengths: 0.5, 0.25, 0.5
    assert sureness(UNSURE, Settings(top=3)) == pytest.approx((0.0, 0.25))
    assert sureness(SURE[:1], Settings()) == (1.0, 1.0)


def test_a_sure_first_stage_is_not_reranked(run):
    stage = run(Scripted([1.0, 2.0, 3.0]), SURE, rerank_policy="ambiguous")
    assert ids(stage) == ["a", "b", "c"]
    assert not stage.fell_back
    assert stage.note == (
        "not reranked, the first stage is sure (gap 0.65 of 0.3, spread 1.00 of 0.5)"
    )
    assert stage.skipped is True
    assert stage.details["gap"] == pytest.approx(0.65)


def test_an_ambiguous_one_is(run):
    stage = run(Scripted([1.0, 2.0, 3.0]), UNSURE, rerank_policy="ambiguous")
    assert ids(stage) == ["c", "b", "a"]
    assert stage.note.startswith("reranked as ambiguous")
    assert stage.skipped is False


def test_never_means_never(run):
    assert ids(run(Scripted([1.0, 2.0, 3.0]), SURE, rerank_policy="never")) == ["a", "b", "c"]
    assert decide([], Settings(rerank_policy="ambiguous")).rerank is False


def test_the_pool_shrinks_to_what_the_budget_allows(run):
    slow = Counted(seconds=0.01)
    names = [f"p{i}" for i in range(40)]
    texts = {name: ("mars orbit" if name in ("p3", "p39") else name) for name in names}
    pool = [Candidate(make_chunk(n, texts[n]), 0, 0, 40.0 - i) for i, n in enumerate(names)]
    stage = run(slow, pool, rerank_budget_ms=200)
    scored = int(stage.details["pool_cut_to"])
    assert 5 <= scored <= 17  # 200 ms less the probe of four, at 10 ms a pair or a little more
    assert sum(len(texts) for _, texts in slow.asked) == scored + 4
    assert ids(stage)[0] == "p3"
    assert ids(stage)[scored:] == names[scored:]
    assert f"the first {scored} of 40 candidates" in stage.note
    assert run(slow, pool, rerank_budget_ms=0).details.get("pool_cut_to") is None


def test_a_budget_that_fits_cuts_nothing(run):
    stage = run(Counted(), make_pool("a", "b", "c"), rerank_budget_ms=10_000)
    assert "pool_cut_to" not in stage.details
    assert stage.note == ""


def test_costs_lean_to_the_newest():
    costs = Costs()
    assert costs.allowed("x", 1.0) > 10**6
    costs.learn("x", 1.0, 10)
    costs.learn("x", 3.0, 10)
    assert costs.known("x") == pytest.approx(0.2)
    assert costs.allowed("x", 1.0) == 5
    assert costs.allowed("x", -1.0) == 1
    costs.learn("x", 5.0, 0)
    assert costs.known("x") == pytest.approx(0.2)
