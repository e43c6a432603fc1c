"""Hosted and LLM rerankers against a local server that speaks their protocols: faults and cost."""

from __future__ import annotations

import time

import pytest

from rag.errors import SettingsError
from rag.llm.prices import BUILT_IN, llm_cost, rerank_cost
from rag.rerank.base import Context
from rag.rerank.cohere import as_yaml
from rag.settings import Settings
from rag.settings.keys import KEYS, KeyAddress
from rag.types import Candidate, Chunk
from tests.fakes import WordEncoder, make_chunk
from tests.rag.rerank.conftest import ids
from tests.servers.rerank_server import KEY, Fault, RerankServer

SERVICES = ("jina", "voyage", "contextual", "zeroentropy", "mixedbread", "nvidia")
HTTP = ("cohere", *SERVICES, "rerank-server", "tei")
LLM = ("llm-listwise", "llm-pointwise")
POOL = [
    Candidate(make_chunk("a", "the sun", "d.txt"), 0, 0, 3.0),
    Candidate(make_chunk("b", "mars in its orbit", "d.txt"), 0, 0, 2.0),
]
remote = pytest.mark.parametrize("name", HTTP + LLM)


@pytest.fixture
def server():
    """One a test: an answer that was no longer waited for must not count in the next."""
    with RerankServer() as running:
        yield running


@pytest.fixture
def rank(server, base, rerankers):
    def ranked(name, pool=POOL, query="mars orbit", **changes):
        settings = {
            "reranker": name,
            "cohere_url": server.url,
            "cohere_api_key": KEY,
            **{f"{one}_url": f"{server.url}/{one}" for one in SERVICES},
            **{f"{one}_api_key": KEY for one in SERVICES},
            "rerank_server_url": server.url + "/v1/",
            "rerank_server_key": KEY,
            "tei_url": server.url,
            "tei_key": KEY,
            "llm_base_url": server.url + "/v1",
            "llm_model": "gpt-4o-mini",
            "llm_api_key": KEY,
            "rerank_concurrency": 1,
        }
        context = Context(base.updated(**{**settings, **changes}), WordEncoder())
        stage = rerankers.rank(query, pool, context)
        assert KEY not in repr(stage)
        return stage

    return ranked


def fell_back(stage, *words):
    assert stage.fell_back
    assert ids(stage) == ["a", "b"]
    for word in words:
        assert word in stage.note
    return stage.note


@remote
def test_the_key_travels_and_the_order_comes_back(name, rank, server):
    stage = rank(name)
    assert ids(stage) == ["b", "a"]
    assert stage.details["calls"] == (2 if name == "llm-pointwise" else 1)
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


@remote
def test_a_refused_key(name, rank, server):
    server.key = "another"
    note = fell_back(rank(name), "refused the key (401)", "_KEY")
    assert len(server.requests) <= 2  # a refusal is not tried again
    assert "invalid api token …" in note


@remote
def test_busy_is_tried_again_after_the_wait_that_it_asks_for(name, rank, server):
    server.script(Fault(429, {"message": "slow down"}, {"retry-after": "0.3"}))
    started = time.monotonic()
    stage = rank(name)
    assert ids(stage) == ["b", "a"]
    assert 0.3 <= time.monotonic() - started < 10
    assert stage.details["retries"] == 1


@remote
def test_a_wait_beyond_the_deadline_is_not_waited_for(name, rank, server):
    server.always = Fault(429, {"message": "slow down"}, {"retry-after": "60"})
    started = time.monotonic()
    fell_back(rank(name), "rate limit", "asks to wait 60 s", "slow down")
    assert time.monotonic() - started < 5


@remote
def test_a_server_that_fails_is_tried_again_and_then_left(name, rank, server):
    server.script(Fault(500, "<h1>oops</h1>"))
    assert ids(rank(name)) == ["b", "a"]
    server.requests.clear()
    server.always = Fault(503, {"error": {"message": "overloaded"}})
    fell_back(rank(name, query="mars", rerank_retries=1), "failed (503)", "overloaded")
    # a second passage's call may have begun before the first one gave up
    assert len(server.requests) in ((2, 3) if name == "llm-pointwise" else (2,))


@remote
def test_a_request_that_is_not_accepted_is_not_tried_again(name, rank, server):
    server.always = Fault(400, {"message": f"bad request for {KEY}"})
    fell_back(rank(name), "did not accept the request (400)", "bad request for …")
    assert len(server.requests) <= 2


@remote
def test_a_slow_answer_is_cut_off_at_the_deadline(name, rank, server):
    server.always = Fault(delay=30)
    started = time.monotonic()
    fell_back(rank(name, rerank_seconds=0.4))
    assert time.monotonic() - started < 10


@remote
def test_a_body_that_drips_is_cut_off_at_the_deadline(name, rank, server):
    server.always = Fault(drip=0.1)
    started = time.monotonic()
    fell_back(rank(name, rerank_seconds=0.5))
    assert time.monotonic() - started < 10


@remote
def test_a_connection_cut_in_the_middle_is_tried_again(name, rank, server):
    server.script(Fault(cut=True))
    assert ids(rank(name)) == ["b", "a"]
    server.always = Fault(cut=True)
    fell_back(rank(name, query="mars", rerank_retries=0), "hung up in the middle")


@remote
@pytest.mark.parametrize(
    "body",
    ["{not json", "<html>proxy</html>", {"something": "else"}, {"results": 3, "data": [{}]}, []],
    ids=["broken", "html", "other", "wrong", "list"],
)
def test_what_is_not_the_protocol(name, body, rank, server):
    server.always = Fault(body=body)
    stage = rank(name)
    note = fell_back(stage)
    known = ("not its protocol", "a web page", "gave 0 scores for 2 passages")
    assert any(words in note for words in known)


@pytest.mark.parametrize("name", HTTP)
@pytest.mark.parametrize("indices", [[0], [0, 0], [0, 2], [0, 1, 1], [-1, 0]])
def test_scores_must_be_one_for_each_passage(name, indices, rank, server):
    scores = ("relevance_score", "score", "logit")
    rows = [{"index": i, **dict.fromkeys(scores, 0.5)} for i in indices]
    body = rows if name == "tei" else {"results": rows, "data": rows, "rankings": rows}
    server.always = Fault(body=body)
    fell_back(rank(name), "for 2 passages")


@pytest.mark.parametrize("url", ["host", "http://", "http://[::1", "ftp://x"])
def test_a_wrong_address_is_named(url, rank):
    fell_back(rank("tei", tei_url=url, rerank_retries=0), "cannot be reached. Check tei_url")


def test_cohere_gets_structured_documents_as_yaml(rank, server):
    yaml = pytest.importorskip("yaml")
    text = 'He said: "no"\n- [1] {x}\n\ttab # not a comment ≠ \u2028'
    chunk = Chunk("x", "q3 report.pdf", 0, 9, text, page=3, heading=("Results", "Q3: cash"))
    fields = {"document": "q3 report", "heading": "Results › Q3: cash", "text": text}
    assert yaml.safe_load(as_yaml(chunk)) == fields
    rank("cohere", [Candidate(chunk, 0, 0, 1.0)])
    assert server.requests[0].path == "/v2/rerank"
    assert server.requests[0].body["model"] == "rerank-v4.0-pro"
    assert yaml.safe_load(server.requests[0].body["documents"][0]) == fields


def test_a_model_can_be_named(rank, server):
    for name, model in {
        "cohere:rerank-v3.5": "rerank-v3.5",
        "jina:jina-reranker-v3": "jina-reranker-v3",
        "voyage:rerank-2.5-lite": "rerank-2.5-lite",
        "contextual:ctxl-rerank-v1-instruct": "ctxl-rerank-v1-instruct",
        "nvidia:nvidia/nv-rerankqa-mistral-4b-v3": "nvidia/nv-rerankqa-mistral-4b-v3",
        "rerank-server:BAAI/bge-reranker-v2-m3": "BAAI/bge-reranker-v2-m3",
        "llm-listwise:other": "other",
    }.items():
        rank(name)
        assert server.requests[-1].body["model"] == model


@pytest.mark.parametrize(
    ("name", "path", "model"),
    [
        ("contextual", "/contextual/rerank", "ctxl-rerank-v2-instruct-multilingual"),
        ("zeroentropy", "/zeroentropy/models/rerank", "zerank-2"),
        ("mixedbread", "/mixedbread/reranking", "mixedbread-ai/mxbai-rerank-large-v2"),
        ("nvidia", "/nvidia/ranking", "nvidia/llama-nemotron-rerank-1b-v2"),
    ],
)
def test_each_service_has_its_path_and_model(name, path, model, rank, server):
    rank(name)
    assert (server.requests[0].path, server.requests[0].body["model"]) == (path, model)


def test_mixedbread_gives_more_than_its_usual_ten(rank):
    pool = [Candidate(make_chunk(str(i), f"text {i}"), 0, 0, 30.0 - i) for i in range(30)]
    assert not rank("mixedbread", pool).fell_back


def test_nvidias_own_address_has_a_path_for_each_model(rank, server, monkeypatch):
    own = KeyAddress("nvidia_url", server.url, "NVIDIA_API_KEY")
    monkeypatch.setitem(KEYS, "nvidia_api_key", own)
    rank("nvidia:nvidia/llama-3.2-nv-rerankqa-1b-v2")
    path = "/nvidia/retrieval/nvidia/llama-3_2-nv-rerankqa-1b-v2/reranking"
    assert server.requests[0].path == path
    fell_back(rank("nvidia", query="mars", nvidia_api_key=""), "needs a key", "NVIDIA_API_KEY")


def test_a_nim_of_ones_own_needs_no_key(rank):
    with RerankServer(key="") as keyless:
        stage = rank("nvidia", nvidia_url=keyless.url + "/nvidia", nvidia_api_key="")
    assert ids(stage) == ["b", "a"]
    assert stage.details["unit"] == "logit"


@pytest.mark.parametrize(("name", "calls"), [("tei", [32, 32, 6]), ("cohere", [70])])
def test_documents_are_split_where_the_provider_limits_them(name, calls, rank, server):
    pool = [Candidate(make_chunk(str(i), f"text {i}"), 0, 0, 70.0 - i) for i in range(70)]
    pool[50] = Candidate(make_chunk("50", "mars orbit"), 0, 0, 20.0)
    stage = rank(name, pool)
    assert ids(stage)[0] == "50"
    sizes = [len(r.body.get("texts") or r.body["documents"]) for r in server.requests]
    assert (sizes, stage.details["calls"]) == (calls, len(calls))


def test_voyage_is_split_by_tokens_too(rank, server):
    pool = [Candidate(make_chunk(str(i), f"{i} " * 200_000), 0, 0, 9.0 - i) for i in range(5)]
    stage = rank("voyage", pool)
    assert not stage.fell_back, stage.note
    assert [len(r.body["documents"]) for r in server.requests] == [3, 2]


def test_calls_run_side_by_side_within_bounds(rank):
    pool = [Candidate(make_chunk(str(i), f"text {i}"), 0, 0, 9.0 - i) for i in range(9)]
    with RerankServer() as fresh:
        fresh.always = Fault(delay=0.2)
        rank("llm-pointwise", pool, rerank_concurrency=3, llm_base_url=fresh.url + "/v1")
        assert len(fresh.requests) == 9
        assert 1 < fresh.busiest <= 3


def test_cost_is_on_the_stage(rank, tmp_path):
    assert rank("cohere").details["cost_usd"] == pytest.approx(0.0025)
    assert rank("mixedbread").details["cost_usd"] == pytest.approx(7 * 0.15 / 1e6)
    # It is paid by the token, and this reply reports none.
    assert "cost_usd" not in rank("zeroentropy").details
    assert rank("tei").details["cost_usd"] == 0
    assert "cost_usd" not in rank("cohere:rerank-v99").details
    used = rank("llm-listwise").details
    assert (used["prompt_tokens"], used["completion_tokens"]) == (100, 10)
    assert used["cost_usd"] == pytest.approx((100 * 0.15 + 10 * 0.60) / 1e6)
    own = tmp_path / "prices.toml"
    own.write_text('[rerank]\n"jina:*" = { per_million_tokens = 1000000 }\n')
    stage = rank("jina", prices=str(own))
    assert stage.details["tokens"] == 8
    assert stage.details["cost_usd"] == 8
    assert "cost_usd" not in rank("cohere", query="sun", prices=str(own)).details


def test_what_is_cached_costs_nothing(rank, server):
    rank("cohere")
    again = rank("cohere")
    assert len(server.requests) == 1
    assert again.details["cache_hits"] == 2
    assert "cost_usd" not in again.details


def test_the_longest_pattern_of_a_price_holds():
    settings = Settings()
    assert rerank_cost(settings, "voyage:rerank-2.5-lite", 0, 1e6) == 0.02
    assert rerank_cost(settings, "cohere:rerank-english-v3.0", 3, 0) == 0.006
    assert rerank_cost(settings, "nobody", 1, 1) is None
    assert llm_cost(settings, "nobody", 1, 1) is None
    assert BUILT_IN.is_file()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[rerank", "no table of prices"),
        ('[rerank]\n"x" = { per_serach = 1 }', "x: a price has"),
        ('[rerank]\n"x" = { per_search = -1 }', "x: a price has"),
        ('[rerank]\n"x" = 3', "no table of prices"),
        (None, "cannot be read"),
    ],
)
def test_a_bad_table_of_prices_is_named(text, said, tmp_path):
    path = tmp_path / "p.toml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(SettingsError, match=said):
        rerank_cost(Settings(prices=str(path)), "x", 1, 1)
