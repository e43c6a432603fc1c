"""What every model that writes answers does, against real local servers: also with faults."""

import time

import pytest

from rag.generate.base import REFUSAL
from tests.rag.generate.writers import WRITERS
from tests.servers.openai_server import KEY, Cut, End, Pause, Reply

# Cohere's own models warn about themselves when they are first imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:cohere.*")

BUSY = Reply(status=429, error={"message": "Slow down"}, headers={"retry-after": "0"})
BROKEN = Reply(status=500, error={"message": "Oops"}, headers={"retry-after": "0"})


@pytest.fixture(params=WRITERS)
def name(request):
    return request.param


@pytest.fixture
def writer(name):
    return WRITERS[name]


@pytest.fixture
def server(writer):
    with writer.server() as running:
        yield running


@pytest.fixture
def ask(writer, server):
    return lambda **changes: writer.ask(server, **changes)


def test_an_answer_streams_with_citations_and_tokens(name, server, ask):
    server.script(Reply(["Blue ", "light scatters [", "2]."]))
    answer = ask()
    assert answer.text == "Blue light scatters [2]."
    assert [c.chunk_id for c in answer.citations] == ["c2"]
    assert (answer.generator, answer.error, answer.refused) == (f"{name}:fake", "", False)
    assert (answer.details["prompt_tokens"], answer.details["completion_tokens"]) == (12, 3)
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_the_exact_prompt_is_kept_with_the_answer(server, ask):
    answer = ask()
    messages = server.requests[0].body["messages"]
    assert [m["role"] for m in messages] == ["system", "user"]
    assert all(m["content"] in answer.prompt for m in messages)


def test_the_model_says_that_the_documents_do_not_answer(server, ask):
    server.script(Reply([REFUSAL[:10], REFUSAL[10:]]))
    answer = ask()
    assert (answer.refused, answer.error) == (True, "")


def test_a_wrong_key_is_refused_and_not_repeated(writer, server, ask):
    for key, part in (("sk-wrong-abcdefgh", "wrong-abc"), ("hunter2hunter2", "hunter2")):
        error = ask(**{writer.key: key}).error
        assert "refused the key" in error
        assert server.url in error
        assert part not in error


def test_an_unknown_model_is_named(ask):
    assert "does not know the model none-such" in ask(llm_model="none-such").error


@pytest.mark.parametrize("fault", [BUSY, BROKEN])
def test_a_passing_fault_is_tried_again(server, ask, fault):
    server.script(fault, fault)
    assert ask().error == ""
    assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("fault", "words"), [(BUSY, "rate limit is reached (429)"), (BROKEN, "failed (500)")]
)
def test_a_fault_that_stays_is_reported(server, ask, fault, words):
    server.script(*[fault] * 5)
    error = ask(llm_retries=1).error
    assert words in error
    assert server.url in error
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
def test_a_time_out_before_the_first_piece(server, ask, reply):
    server.script(reply)
    started = time.monotonic()
    answer = ask(llm_seconds=0.5)
    assert "did not answer within 0.5 seconds" in answer.error
    assert answer.text == ""
    assert time.monotonic() - started < 20


@pytest.mark.parametrize("beat", [0.0, 0.1])
def test_a_time_out_after_the_first_piece_keeps_what_arrived(server, ask, beat):
    server.script(Reply(["Blue [1]. And [", Pause(30, beat=beat), "late"]))
    answer = ask(llm_seconds=0.5)
    assert "nothing came for 0.5 seconds" in answer.error
    assert answer.text == "Blue [1]. And"
    assert [c.number for c in answer.citations] == [1]


@pytest.mark.parametrize("how", [Cut(), End()])
def test_a_connection_that_is_cut_keeps_what_arrived(server, ask, how):
    server.script(Reply(["Blue [1]. Also", how]))
    answer = ask()
    assert "was cut in the middle of the answer" in answer.error
    assert answer.text == "Blue [1]. Also"


def test_an_empty_answer_is_an_error(server, ask):
    server.script(Reply([]))
    assert "returned an empty answer from fake" in ask().error


def test_a_prompt_that_is_too_long_is_packed_smaller(writer):
    with writer.server(window=4500) as server:
        answer = writer.ask(server)
    assert answer.error == ""
    assert answer.details["packed_smaller"] == 1
    assert answer.left_out
    assert len(server.requests) == 2
    assert "Fact 1." in server.requests[1].prompt
    assert "Fact 5." not in server.requests[1].prompt
