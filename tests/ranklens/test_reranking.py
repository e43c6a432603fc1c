"""Texts of other programs, reranked and encoded: the same for any library, and nothing kept."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from rag.errors import RanklensError, RerankError
from rag.models import hub
from rag.rerank import cross_encoder
from rag.rerank.table import MAXSIM
from ranklens.library import Library
from tests.rag.models.tiny import save_cross
from tests.servers.rerank_server import KEY, Fault, RerankServer

QUESTION = "When was the stone bridge opened?"
TEXTS = [
    "The ferry crosses the river twice a day.",
    "The stone bridge was opened in 1871.",
    "A bridge of iron stood here until 1950.",
    "The stone bridge was opened in 1871.",
]


@pytest.fixture
def library(bridge_library: Library) -> Library:
    return bridge_library


@pytest.fixture
def tiny_cross(tmp_path, monkeypatch):
    folder = save_cross(tmp_path / "cross", "bert")
    monkeypatch.setattr("rag.models.load.locate", lambda _name: folder)
    monkeypatch.setattr(cross_encoder, "locate", lambda _name: folder)


@pytest.mark.parametrize(
    "reranker",
    ["late-interaction", "maxsim", "hybrid:maxsim", "rrf:maxsim+late-interaction",
     "cascade:maxsim>late-interaction"],
)  # fmt: skip
def test_texts_that_are_in_no_library_are_ranked(library: Library, reranker: str):
    found = library.rerank(QUESTION, TEXTS, reranker=reranker)
    assert [one.index for one in found.ranked] == [1, 3, 2, 0]
    assert [one.text for one in found.ranked] == [TEXTS[one.index] for one in found.ranked]
    scores = [one.score for one in found.ranked]
    assert scores == sorted(scores, reverse=True)
    relevances = [one.relevance for one in found.ranked]
    assert relevances == sorted(relevances, reverse=True)
    assert 0 <= relevances[-1] < relevances[0] <= 1
    assert (found.reranker, found.cut) == (reranker, ())


def test_a_cross_encoder_by_name_and_by_default(library: Library, tiny_cross):
    by_name = library.rerank(QUESTION, TEXTS, reranker="cross-encoder", engine="float32")
    assert sorted(one.index for one in by_name.ranked) == [0, 1, 2, 3]
    assert all(0 < one.relevance < 1 for one in by_name.ranked)
    assert by_name.details["unit"] == "logit"
    chosen = library.rerank(QUESTION, TEXTS, reranker="auto", engine="float32")
    assert chosen.reranker == "cross-encoder"


def test_top_is_a_part_of_the_whole(library: Library):
    whole = library.rerank(QUESTION, TEXTS, reranker="maxsim").ranked
    assert library.rerank(QUESTION, TEXTS, reranker="maxsim", top=2).ranked == whole[:2]
    assert library.rerank(QUESTION, TEXTS, reranker="maxsim", top=99).ranked == whole
    assert library.rerank(QUESTION, [], reranker="maxsim").ranked == ()
    with pytest.raises(RanklensError, match="at least one"):
        library.rerank(QUESTION, TEXTS, top=0)


def test_nothing_of_the_library_has_a_part_in_it(library: Library):
    """A passage of the library scores by its own vectors, not by those that were kept of it."""
    passage = library.search(QUESTION, reranker="maxsim").stages[-1].hits[0].chunk.passage
    (given,) = library.rerank(QUESTION, [passage], reranker="maxsim").ranked
    fresh = MAXSIM.build(type("C", (), {"encoder": library.encoder, "kept": None})())
    assert given.score == pytest.approx(fresh.score(QUESTION, [passage])[0], abs=1e-6)
    stage = library.search(QUESTION, reranker="maxsim").stages[-1]
    assert stage.details["kept_passages"] == len(stage.hits)


def test_policy_and_budget_of_questions_do_not_count(library: Library):
    found = library.rerank(
        QUESTION, TEXTS, reranker="maxsim", rerank_policy="never", rerank_budget_ms=1
    )
    assert [one.index for one in found.ranked] == [1, 3, 2, 0]


def test_a_reranker_that_fails_is_an_error(library: Library):
    with RerankServer() as server:
        options = {
            "reranker": "rerank-server", "rerank_server_url": server.url + "/v1",
            "rerank_server_key": KEY, "rerank_retries": 0,
        }  # fmt: skip
        found = library.rerank("stone bridge", TEXTS, **options)
        assert [one.index for one in found.ranked] == [1, 3, 2, 0]
        assert server.requests[0].body["documents"] == TEXTS[:3]  # as they are, each once
        server.script(Fault(500, {"message": "no"}))
        with pytest.raises(RerankError, match="500") as error:
            library.rerank("stone bridge again", TEXTS, **options)
        assert "fused order" not in str(error.value)
        server.script(Fault(500))
        again = library.rerank("a stone bridge", TEXTS, **options, rerank_fallbacks="maxsim")
        assert (again.reranker, again.ranked[0].index) == ("maxsim", 1)
        assert "rerank-server" in again.note


def test_a_caller_who_leaves_is_not_waited_for_and_no_failure(library: Library):
    stop = threading.Event()
    with RerankServer() as server, ThreadPoolExecutor(1) as threads:
        server.always = Fault(delay=20)
        options = {
            "reranker": "rerank-server", "rerank_server_url": server.url + "/v1",
            "rerank_server_key": KEY,
        }  # fmt: skip
        for words in ("one", "two", "three", "four"):
            stop.clear()
            waiting = threads.submit(library.rerank, words, TEXTS, stop=stop, **options)
            time.sleep(0.1)
            stop.set()
            with pytest.raises(RanklensError, match="stopped"):
                waiting.result(5)
        server.always = None
        assert library.rerank("stone bridge", TEXTS, **options).ranked[0].index == 1


@pytest.mark.parametrize(
    ("question", "texts", "options", "reason"),
    [
        (" ", TEXTS, {}, "the question is empty"),
        ("x" * 20_000, TEXTS, {}, "max_question_characters"),
        (QUESTION, ["a"] * 30, {"max_texts": 20}, "30 texts at once, and 20 are allowed"),
        (QUESTION, ["ok", "a" * 300], {"max_text_characters": 200}, "text 1.*max_text_characters"),
        (QUESTION, TEXTS, {"reranker": "none"}, "ranks nothing"),
        (QUESTION, TEXTS, {"reranker": "maxsimm"}, "did you mean maxsim"),
        (QUESTION, TEXTS, {"reranker": "jina"}, "JINA_API_KEY"),
    ],
)
def test_what_cannot_be_ranked_is_refused_in_words(library, question, texts, options, reason):
    with pytest.raises(RanklensError, match=reason):
        library.rerank(question, texts, **options)


def test_long_texts_are_cut_and_named_or_refused(library: Library):
    texts = ["short", "river " * 600, "\ud800 stone"]
    assert library.rerank(QUESTION, texts, reranker="maxsim").cut == (1,)
    with pytest.raises(RanklensError, match="text 1 is longer than the reranker reads"):
        library.rerank(QUESTION, texts, reranker="maxsim", whole=True)


def test_texts_are_encoded_as_passages_and_as_questions(library: Library):
    found = library.embed(TEXTS)
    assert found.vectors.shape == (4, library.encoder.dimension)
    np.testing.assert_allclose(found.vectors, library.encoder.encode(TEXTS), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), 1, atol=1e-5)
    assert (found.encoder, found.cut) == (library.encoder.name, ())
    room = library.encoder.max_tokens - 2
    assert library.embed(["river " * room, "river " * (room + 1)]).cut == (1,)
    assert found.tokens == tuple(library.encoder.count_tokens(TEXTS))
    asked = library.embed([QUESTION], questions=True).vectors[0]
    np.testing.assert_allclose(asked, library.encoder.encode_query(QUESTION), atol=1e-6)
    assert library.embed([]).vectors.shape == (0, library.encoder.dimension)


def test_prompts_of_an_encoder_differ(library: Library):
    """What encodes questions is another method than what encodes passages."""
    seen: list[str] = []

    class Asymmetric:
        name, engine, dimension, max_tokens = "asymmetric", "by hand", 1, 9
        count_tokens = staticmethod(lambda texts: [1] * len(texts))

        def encode(self, texts):
            seen.append("passage")
            return np.ones((len(texts), 1), np.float32)

        def encode_queries(self, texts):
            seen.append("question")
            return np.ones((len(texts), 1), np.float32)

    from ranklens.embedding import Embedder

    embedder = Embedder(Asymmetric(), library.settings)
    embedder.embed(["a"])
    embedder.embed(["a"], questions=True)
    assert seen == ["passage", "question"]


def test_limits_hold_for_encoding_too(library: Library):
    with pytest.raises(RanklensError, match="max_texts"):
        library.embed(["a"] * (library.settings.max_texts + 1))


def test_a_model_that_is_not_here_says_what_to_do(library: Library, monkeypatch):
    monkeypatch.setattr(hub, "offline", lambda: True)
    with pytest.raises(RerankError, match="ranklens models pull"):
        library.rerank(QUESTION, TEXTS, reranker="bge-reranker-base")
