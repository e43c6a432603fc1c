"""An instruction reaches the rerankers that follow one, and the stage names those that do not."""

import pytest

from rag.errors import SettingsError
from rag.rerank import table
from rag.rerank.base import Context, Entry
from rag.rerank.run import Rerankers
from rag.settings import Settings
from rag.types import Candidate
from tests.fakes import OverlapReranker, WordEncoder, make_chunk
from tests.rag.rerank.conftest import ids
from tests.servers.rerank_server import KEY, RerankServer

WISH = "Prefer the newest report."
POOL = [
    Candidate(make_chunk("a", "the sun", "d.txt"), 0, 0, 3.0),
    Candidate(make_chunk("b", "mars in its orbit", "d.txt"), 0, 0, 2.0),
]
SERVICES = ("jina", "voyage", "contextual", "zeroentropy", "mixedbread", "nvidia")


class Wishful:
    """Likes passages that hold the instruction; remembers how often it was built and bound."""

    built = 0

    def __init__(self, wish=""):
        self.wish = wish
        self.identity = f"wishful {wish}"

    def instructed(self, instruction):
        return Wishful(instruction)

    def score(self, query, texts):
        return [float(self.wish in text) if self.wish else 0.0 for text in texts]


@pytest.fixture
def wishful(monkeypatch):
    def build(_context):
        Wishful.built += 1
        return Wishful()

    Wishful.built = 0
    monkeypatch.setitem(table.TABLE, "wishful", Entry("wishful", "", build))
    overlap = Entry("overlap", "", lambda _context: OverlapReranker())
    monkeypatch.setitem(table.TABLE, "overlap", overlap)


@pytest.fixture
def rank(base, rerankers, wishful):
    def ranked(name, instruction=WISH, pool=POOL, **changes):
        settings = base.updated(reranker=name, rerank_instruction=instruction, **changes)
        return rerankers.rank("mars orbit", pool, Context(settings, WordEncoder()))

    return ranked


def test_a_reranker_is_bound_to_it_and_loaded_once(rank):
    assert ids(rank("wishful", "orbit")) == ["b", "a"]
    assert ids(rank("wishful", "sun")) == ["a", "b"]
    assert ids(rank("wishful", "")) == ["a", "b"]
    assert Wishful.built == 1


def test_scores_are_kept_apart_by_instruction(rank):
    assert rank("wishful", "orbit").details["cache_hits"] == 0
    assert rank("wishful", "orbit").details["cache_hits"] == 2
    assert rank("wishful", "sun").details["cache_hits"] == 0


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("wishful", ""),
        ("overlap", "overlap cannot follow rerank_instruction"),
        ("rrf:wishful+overlap", "overlap cannot follow rerank_instruction"),
        ("rrf:none+wishful", ""),
        ("hybrid:maxsim", "maxsim cannot follow rerank_instruction"),
        ("none", "rerank_instruction is not used without reranking"),
    ],
)
def test_the_note_names_what_cannot_follow(name, note, rank):
    assert rank(name).note == note
    assert "instruction" not in rank(name, "  ").note


def test_many_questions_at_once_get_it_and_the_note_too(base, wishful):
    rerankers = Rerankers()
    settings = base.updated(reranker="wishful", rerank_instruction="orbit")
    (stage,) = rerankers.rank_many([("mars", POOL)], Context(settings, WordEncoder()))
    assert ids(stage) == ["b", "a"]
    settings = base.updated(reranker="overlap", rerank_instruction="orbit")
    (stage,) = rerankers.rank_many([("mars", POOL)], Context(settings, WordEncoder()))
    assert stage.note == "overlap cannot follow rerank_instruction"
    rerankers.close()


@pytest.fixture
def asked(rank):
    """Rank over a service, and return what it was sent and the stage's note."""

    def ask(name, **changes):
        with RerankServer() as server:
            urls = {f"{one}_url": f"{server.url}/{one}" for one in SERVICES}
            keys = {f"{one}_api_key": KEY for one in SERVICES}
            stage = rank(
                name, cohere_url=server.url, cohere_api_key=KEY, llm_model="fake",
                llm_base_url=server.url + "/v1", llm_api_key=KEY, rerank_concurrency=1,
                **urls, **keys, **changes,
            )  # fmt: skip
        assert not stage.fell_back, stage.note
        return server.requests[0].body, stage.note

    return ask


def test_contextual_gets_it_in_a_field_of_its_own(asked):
    body, note = asked("contextual")
    assert (body["query"], body["instruction"], note) == ("mars orbit", WISH, "")


def test_zeroentropy_gets_it_in_tags(asked):
    body, note = asked("zeroentropy")
    assert body["query"] == f"<query>mars orbit</query>\n<instruction>{WISH}</instruction>"
    assert note == ""


def test_voyage_gets_it_before_the_question(asked):
    body, note = asked("voyage")
    assert (body["query"], note) == (f"{WISH}\nQuery: mars orbit", "")


@pytest.mark.parametrize(
    "name",
    ["cohere", "jina", "mixedbread", "nvidia", "voyage:rerank-2", "zeroentropy:zerank-1",
     "contextual:plain"],
)  # fmt: skip
def test_other_services_and_models_are_noted_and_not_sent_it(name, asked):
    body, note = asked(name)
    assert WISH not in str(body)
    assert note == f"{name} cannot follow rerank_instruction"


@pytest.mark.parametrize("name", ["llm-listwise", "llm-pointwise"])
def test_a_language_model_gets_it_outside_of_the_passages(name, asked):
    body, note = asked(name)
    _system, user = (message["content"] for message in body["messages"])
    after_question = user.rsplit("</question", 1)[1]
    assert f"What to prefer when you judge: {WISH}" in after_question
    assert note == ""


def test_it_has_a_limit():
    with pytest.raises(SettingsError, match="option rerank_instruction"):
        Settings().updated(rerank_instruction="x" * 2001)
