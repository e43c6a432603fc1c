"""Cohere's chat against a real local server: the answer, and everything that can go wrong."""

import time

import pytest

from rag.generate import generator_for
from rag.generate.answer import Answering
from rag.generate.base import REFUSAL
from rag.settings import Settings
from rag.types import Chunk, Hit
from tests.servers.cohere_server import CohereServer
from tests.servers.openai_server import KEY, Cut, End, Pause, Raw, Reply

# The SDK's own models warn about themselves when they are first imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:cohere.*")

HITS = tuple(
    Hit(Chunk(f"c{n}", "sky.txt", n, 600, f"Fact {n}. " + "word " * 120, page=n), n, 1.0 / n)
    for n in range(1, 6)
)
BUSY = Reply(status=429, error={"message": "Slow down"}, headers={"retry-after": "0"})
BROKEN = Reply(status=500, error={"message": "Oops"}, headers={"retry-after": "0"})


@pytest.fixture
def server():
    with CohereServer() as running:
        yield running


def ask(server, **changes):
    given = {
        "llm_provider": "cohere",
        "llm_model": "fake",
        "cohere_url": server.url,
        "cohere_api_key": server.key,
        "llm_seconds": 5.0,
        **changes,
    }
    answering = Answering(generator_for(Settings(**given), None), "Why is the sky blue?", HITS)
    pieces = list(answering)
    assert "".join(pieces) == answering.answer.text
    assert KEY not in repr(answering.answer)
    return answering.answer


def test_an_answer_streams_with_citations_tokens_and_its_prompt(server):
    server.script(Reply(["Blue ", "light scatters [", "2]."]))
    answer = ask(server)
    assert answer.text == "Blue light scatters [2]."
    assert [c.chunk_id for c in answer.citations] == ["c2"]
    assert (answer.generator, answer.error, answer.refused) == ("cohere:fake", "", False)
    assert (answer.details["prompt_tokens"], answer.details["completion_tokens"]) == (12, 3)
    sent = server.requests[0]
    assert sent.headers["authorization"] == f"Bearer {KEY}"
    assert [m["role"] for m in sent.body["messages"]] == ["system", "user"]
    assert all(m["content"] in answer.prompt for m in sent.body["messages"])


def test_the_model_says_that_the_documents_do_not_answer(server):
    server.script(Reply([REFUSAL[:10], REFUSAL[10:]]))
    answer = ask(server)
    assert (answer.refused, answer.error) == (True, "")


def test_without_a_key_it_is_not_even_called(server):
    error = ask(server, cohere_api_key="").error
    assert f"Cohere ({server.url}) needs a key" in error
    assert "RANKLENS_COHERE_API_KEY (or CO_API_KEY)" in error
    assert server.requests == []


def test_a_wrong_key_is_refused_and_not_repeated(server):
    error = ask(server, cohere_api_key="hunter2hunter2").error
    assert "refused the key (401). Check RANKLENS_COHERE_API_KEY" in error
    assert "hunter2" not in error


def test_an_unknown_model_is_named(server):
    error = ask(server, llm_model="none-such").error
    assert "does not know the model none-such" in error
    assert "cohere_url" in error


@pytest.mark.parametrize("fault", [BUSY, BROKEN])
def test_a_passing_fault_is_tried_again(server, fault):
    server.script(fault, fault)
    assert ask(server).error == ""
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("fault", "words"), [(BUSY, "rate limit is reached (429)"), (BROKEN, "failed (500)")]
)
def test_a_fault_that_stays_is_told(server, fault, words):
    server.script(*[fault] * 5)
    assert words in ask(server, llm_retries=1).error
    assert len(server.requests) == 2


@pytest.mark.parametrize(
    "reply",
    [
        Reply(["late"], delay=30),
        Reply([Pause(30), "late"]),
        Reply([Pause(30, beat=0.1), "late"]),
    ],
    ids=["no response", "no piece", "comments only"],
)
def test_a_time_out_before_the_first_piece(server, reply):
    server.script(reply)
    started = time.monotonic()
    answer = ask(server, llm_seconds=0.5)
    assert "did not answer within 0.5 seconds" in answer.error
    assert answer.text == ""
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("beat", [0.0, 0.1])
def test_a_time_out_after_the_first_piece_keeps_what_arrived(server, beat):
    server.script(Reply(["Blue [1]. And [", Pause(30, beat=beat), "late"]))
    answer = ask(server, llm_seconds=0.5)
    assert "nothing came for 0.5 seconds" in answer.error
    assert answer.text == "Blue [1]. And"


@pytest.mark.parametrize("how", [Cut(), End()])
def test_a_connection_that_is_cut_keeps_what_arrived(server, how):
    server.script(Reply(["Blue [1]. Also", how]))
    answer = ask(server)
    assert "was cut in the middle of the answer" in answer.error
    assert answer.text == "Blue [1]. Also"


def test_an_empty_answer_is_an_error(server):
    server.script(Reply([]))
    assert "returned an empty answer from fake" in ask(server).error


def test_a_filter_is_told_and_what_arrived_is_kept(server):
    server.script(Reply(["Blue"], finish="content_filter"))
    answer = ask(server)
    assert "fake declined to answer" in answer.error
    assert answer.text == "Blue"


def test_a_prompt_that_is_too_long_is_packed_smaller():
    with CohereServer(window=4500) as server:
        answer = ask(server)
    assert answer.error == ""
    assert answer.details["packed_smaller"] == 1
    assert answer.left_out
    assert "Fact 5." not in server.requests[1].prompt


def test_something_else_than_the_protocol(server):
    server.script(Reply([Raw("<html>Welcome</html>")], content_type="text/html"))
    assert "cohere_url" in ask(server).error
    # The client skips what it cannot read, so that nothing is left.
    server.script(Reply([Raw('data: {"type": "content-delta", "delta": 3}\n\n'), End()]))
    assert "cohere_url" in ask(server).error


def test_nobody_listens(server):
    error = ask(server, cohere_url="http://127.0.0.1:9").error
    assert "Cohere (http://127.0.0.1:9) cannot be reached" in error
