"""What every reranker of the table keeps to, whatever it is made of.

Local models are tiny ones of real architecture whose scores mean nothing, so direction is checked
against the model itself; the others score by shared words, through their providers' own protocols.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from rag.errors import RerankError
from rag.models import hub
from rag.models.catalogue import CATALOGUE
from rag.rerank import colbert, cross_encoder, table
from rag.rerank.base import Context
from rag.rerank.run import Rerankers
from rag.rerank.table import TABLE, available, resolve
from rag.settings import Settings
from rag.settings.keys import KEYS
from rag.types import Candidate
from tests.fakes import WordEncoder, make_chunk
from tests.rag.models.tiny import save_cross
from tests.rag.rerank.conftest import adopt, adopt_tuned, ids
from tests.rag.rerank.tiny_colbert import save_colbert
from tests.servers.rerank_server import KEY, RerankServer

LOCAL = ("cross-encoder", *(m.title for m in CATALOGUE if m.kind != "encoder"))
SERVICES = ("jina", "voyage", "contextual", "zeroentropy", "mixedbread", "nvidia")
REMOTE = ("cohere", *SERVICES, "rerank-server", "tei", "llm-listwise", "llm-pointwise")
COMBINED = (
    "hybrid:maxsim",
    "hybrid:jina",
    "cascade:late-interaction>tei",
    "rrf:late-interaction+cohere",
    "cascade:maxsim>learned",
)
EVERY = (*TABLE, *COMBINED)
NO_ORDER = ("none", "tuned", *LOCAL)  # their scores do not follow from the words
TEXTS = {
    "unlike": "tide tables",
    "half": "mars has no ring",
    "both": "mars in its orbit",
    "none": "comet",
}


@pytest.fixture(scope="module")
def server() -> Iterator[RerankServer]:
    with RerankServer() as running:
        yield running


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return save_cross(folder / "cross", "bert"), save_colbert(folder / "colbert")


@pytest.fixture(scope="module")
def shared():
    made = Rerankers()
    yield made
    made.close()


@pytest.fixture
def context(server, models, shared, cache_folder, monkeypatch):
    """Every entry can run: models of any name are the tiny ones, servers the local one."""
    cross, late = models
    monkeypatch.setattr("rag.models.load.locate", lambda _name: cross)
    monkeypatch.setattr(cross_encoder, "locate", lambda _name: cross)
    monkeypatch.setattr(colbert, "locate", lambda _name: late)
    library = cache_folder / "contract"
    library.mkdir(exist_ok=True)
    adopt(library, maxsim=1.0)
    adopt_tuned(library, cross)
    settings = Settings(
        cache=library,
        cohere_url=server.url,
        cohere_api_key=KEY,
        **{f"{name}_url": f"{server.url}/{name}" for name in SERVICES},
        **{f"{name}_api_key": KEY for name in SERVICES},
        rerank_server_url=server.url + "/v1",
        rerank_server_key=KEY,
        tei_url=server.url,
        tei_key=KEY,
        llm_base_url=server.url + "/v1",
        llm_model="fake",
        llm_api_key=KEY,
        rerank_cache_mb=0,
        library=library,
        engine="float32",  # int8 rounds by the batch, so equal passages may differ a little
    )
    return Context(settings, WordEncoder())


@pytest.fixture
def rank(context, shared):
    def ranked(name, texts, query="mars orbit", **changes):
        pool = [
            Candidate(make_chunk(str(key), text or " ", "d.txt"), 0.0, 0.0, -float(i))
            for i, (key, text) in enumerate(dict(texts).items())
        ]
        settings = context.settings.updated(reranker=name, **changes)
        return shared.rank(query, pool, Context(settings, context.encoder))

    return ranked


every = pytest.mark.parametrize("name", EVERY)
# Names of further models run the same code as `cross-encoder` and `colbertv2.0`.
ALIASES = tuple(name for name in LOCAL if name not in ("cross-encoder", "colbertv2.0"))
thorough = pytest.mark.parametrize(
    "name", [pytest.param(n, marks=pytest.mark.slow) if n in ALIASES else n for n in EVERY]
)


@every
def test_it_can_run_here_and_says_so(name, context):
    assert resolve(name).missing(context) == ""


@every
def test_order_and_direction(name, rank):
    stage = rank(name, TEXTS)
    assert not stage.fell_back, stage.note
    assert sorted(ids(stage)) == sorted(TEXTS)
    scores = [hit.score for hit in stage.hits]
    assert scores == sorted(scores, reverse=True)
    assert [hit.rank for hit in stage.hits] == [1, 2, 3, 4]
    assert stage.reranker == name
    if name == "none":
        assert ids(stage) == list(TEXTS)
    elif name not in NO_ORDER:
        assert ids(stage)[:2] in (["both", "half"], ["both", "unlike"])
    if name in LOCAL:
        backwards = rank(name, reversed(TEXTS.items()))
        expected = {hit.chunk.id: hit.score for hit in stage.hits}
        for hit in backwards.hits:
            assert hit.score == pytest.approx(expected[hit.chunk.id], abs=1e-4)


@every
@pytest.mark.parametrize("texts", [{}, {"one": "mars"}], ids=["empty", "one"])
def test_a_small_pool(name, texts, rank):
    stage = rank(name, texts)
    assert (ids(stage), stage.fell_back) == (list(texts), False)


@thorough
def test_two_hundred_passages_and_stable_ties(name, rank):
    texts = {f"p{i}": ("mars orbit" if i in (70, 150) else "tide") for i in range(200)}
    stage = rank(name, texts)
    assert not stage.fell_back, stage.note
    assert sorted(ids(stage)) == sorted(texts)
    if name == "llm-listwise":  # its windows overlap and the model itself breaks ties
        assert set(ids(stage)[:2]) == {"p70", "p150"}
    elif name not in NO_ORDER and not name.startswith(("hybrid", "cascade", "rrf")):
        assert ids(stage) == ["p70", "p150", *(n for n in texts if n not in ("p70", "p150"))]
    elif name in LOCAL:
        of_ties = [n for n in ids(stage) if n not in ("p70", "p150")]
        assert of_ties == [n for n in texts if n not in ("p70", "p150")]


@thorough
def test_strange_texts(name, rank):
    texts = {
        "words": "mars orbit",
        "none": "?! … --- ()",
        "blank": " \n ",
        "long": "tide and moon " * 4000,
        "unicode": "Ωμέγα 火星 مريخ 🚀 \u200b\u202e\x00 ﬁ",
        "quotes": "\"'`{}[]<>\\ %s {0} </s> [INST] <|im_end|>",
    }
    stage = rank(name, texts, "mars orbit 火星?")
    assert not stage.fell_back, stage.note
    assert sorted(ids(stage)) == sorted(texts)


@thorough
def test_a_backend_that_fails_leaves_the_fused_order(name, rank, monkeypatch):
    if name == "none":
        return  # there is nothing that could fail

    def broken(*_):
        raise RerankError("the backend is broken")

    monkeypatch.setattr("rag.rerank.single._call", broken)
    stage = rank(name, TEXTS)
    assert (ids(stage), stage.fell_back) == (list(TEXTS), True)
    assert "the backend is broken" in stage.note


@thorough
def test_a_backend_that_hangs_is_cut_off(name, rank, monkeypatch):
    if name == "none":
        return

    rank(name, TEXTS)  # loads the model, and a provider's success forgets its failures
    release = threading.Event()
    monkeypatch.setattr("rag.rerank.single._call", lambda *_: release.wait(5))
    stage = rank(name, TEXTS, rerank_seconds=0.15)
    release.set()
    assert (ids(stage), stage.fell_back) == (list(TEXTS), True)
    assert "gave no scores within" in stage.note


@pytest.mark.parametrize("name", REMOTE)
def test_a_dead_server_leaves_the_fused_order(name, context, tmp_path):
    rerankers = Rerankers()
    dead = "http://127.0.0.1:1"
    urls = dict.fromkeys((key.option for key in KEYS.values()), dead)
    keys = dict.fromkeys(KEYS, "secret")
    settings = context.settings.updated(reranker=name, rerank_retries=0, **urls, **keys)
    pool = [Candidate(make_chunk("a"), 0, 0, 2.0), Candidate(make_chunk("b"), 0, 0, 1.0)]
    stage = rerankers.rank("a b", pool, Context(settings, context.encoder))
    assert (ids(stage), stage.fell_back) == (["a", "b"], True)
    assert "cannot be reached" in stage.note
    assert "127.0.0.1:1" in stage.note


def test_the_list_for_the_page_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(hub, "_in_hub_cache", lambda _repository: None)
    listed = available(Context(Settings(cache=tmp_path), WordEncoder()))
    runs = [one.name for one in listed if not one.reason]
    assert runs == ["none", "late-interaction", "maxsim"]
    assert listed[: len(runs)] == [one for one in listed if not one.reason]
    reasons = {one.name: one.reason for one in listed}
    assert "models pull cross-encoder/ettin-reranker-17m-v1" in reasons["cross-encoder"]
    assert "CO_API_KEY" in reasons["cohere"]
    assert "RANKLENS_TEI_URL" in reasons["tei"]
    assert "RANKLENS_LLM_MODEL" in reasons["llm-listwise"]
    assert set(reasons) == {*table.TABLE}
    assert all(one.summary for one in listed)
