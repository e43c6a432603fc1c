"""What a model may write: tokens asked for under the name that a server takes, characters read."""

import itertools
import json
import time

import pytest

from rag.errors import ProviderError
from rag.llm.base import Message
from rag.llm.client import LanguageModel
from rag.llm.thinking import ThinkingParser, Thought
from tests.linear import grows_linearly
from tests.servers.openai_server import Pause, Raw, Reply
from tests.servers.openai_server import Thought as Sent
from tests.servers.providers import SERVERS, settings_for

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:cohere.*")
QUESTION = [Message("user", "Why is the sky blue?")]


@pytest.fixture(params=SERVERS)
def server(request):
    with SERVERS[request.param]() as running:
        yield running


def refusal(message, code="invalid_request_error"):
    error = {"message": message, "type": "x", "param": None, "code": code}
    return Reply(status=400, error={"error": error, "message": message})


def streamed(model):
    """Return the pieces and the reply."""
    pieces, stream = [], model.stream(QUESTION)
    while True:
        try:
            pieces.append(next(stream))
        except StopIteration as ended:
            return pieces, ended.value


@pytest.mark.parametrize("stream", [True, False])
def test_the_limit_of_tokens_is_sent(server, stream):
    model = LanguageModel(settings_for(server, llm_max_tokens=77))
    streamed(model) if stream else model.chat("", "Why?")
    assert server.requests[0].body["max_tokens"] == 77


def test_a_limit_that_a_model_does_not_take_is_left_out(server):
    server.script(refusal("max_tokens is too large: 8192. This model supports at most 4096"))
    reply = LanguageModel(settings_for(server)).chat("", "Why?")
    assert reply.text
    first, second = (request.body for request in server.requests)
    assert "max_tokens" in first
    assert "max_tokens" not in second
    assert "max_completion_tokens" not in second


def test_the_name_that_a_server_asks_for_is_taken_once():
    words = "Unsupported parameter: 'max_tokens' is not supported with this model. Use "
    with SERVERS["openai"]() as server:
        server.script(
            refusal(f"{words}'max_completion_tokens' instead."),
            refusal("Unsupported: 'max_completion_tokens'. Use 'max_tokens' instead."),
        )
        LanguageModel(settings_for(server, llm_max_tokens=77)).chat("", "Why?")
        limits = [{k: v for k, v in r.body.items() if k.startswith("max")} for r in server.requests]
        assert limits == [{"max_tokens": 77}, {"max_completion_tokens": 77}, {}]


def test_an_endless_answer_is_cut_and_the_server_hung_up_on(server):
    server.script(Reply(itertools.repeat("word ")))
    started = time.monotonic()
    pieces, reply = streamed(LanguageModel(settings_for(server, max_answer_characters=5000)))
    assert len("".join(pieces)) == 5000
    assert (reply.cut, reply.finish, reply.problem) == (True, "length", "")
    assert time.monotonic() - started < 8


def test_endless_thinking_is_cut_too(server):
    server.script(Reply(Sent("hm ", "reasoning_content") for _ in itertools.count()))
    pieces, reply = streamed(LanguageModel(settings_for(server, max_answer_characters=5000)))
    assert sum(len(piece.text) for piece in pieces) == 5000
    assert reply.cut
    assert "Raise max_answer_characters" in reply.problem
    assert "llm_max_tokens" not in reply.problem


def test_a_whole_reply_is_cut(server):
    server.script(Reply(["x" * 20_000]))
    reply = LanguageModel(settings_for(server, max_answer_characters=5000)).chat("", "Why?")
    assert (reply.text, reply.cut) == ("x" * 5000, True)


def test_one_of_exactly_the_limit_is_not_cut(server):
    server.script(Reply(["x" * 4990, "y" * 10]))
    _, reply = streamed(LanguageModel(settings_for(server, max_answer_characters=5000)))
    assert (len(reply.text), reply.cut, reply.problem) == (5000, False, "")


def dripping(piece, seconds):
    """Return a piece again and again, so many seconds apart."""
    return itertools.cycle([piece, Pause(seconds)])


ENDED = {"index": 0, "delta": {}, "finish_reason": "stop"}
REPEATED = {
    "nothing": "",
    "ends": Raw(f"data: {json.dumps({'choices': [ENDED]})}\n\n"),
    "counts": Raw(
        'data: {"choices": [], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}\n\n'
    ),
}


@pytest.mark.parametrize("seconds", [0.2, 0.0], ids=["slow", "full speed"])
def test_pieces_that_hold_nothing_do_not_put_the_deadline_off(server, seconds):
    server.script(Reply(dripping("", seconds)))
    started = time.monotonic()
    with pytest.raises(ProviderError, match="did not answer within 1 second"):
        streamed(LanguageModel(settings_for(server, llm_seconds=1.0, llm_retries=0)))
    assert time.monotonic() - started < 4


@pytest.mark.parametrize("repeated", REPEATED)
def test_nor_do_they_after_the_first_words(repeated):
    with SERVERS["openai"]() as server:
        server.script(Reply(itertools.chain(["The sky"], dripping(REPEATED[repeated], 0.2))))
        started = time.monotonic()
        with pytest.raises(ProviderError, match="nothing came for 1 second"):
            streamed(LanguageModel(settings_for(server, llm_seconds=1.0)))
        assert time.monotonic() - started < 5


def test_a_slow_model_may_send_pieces_that_hold_nothing_between_its_words(server):
    wait = [Pause(0.2), "", Pause(0.2, beat=0.1), "", Pause(0.2)]
    server.script(Reply([*wait, Sent("Hm."), *wait, "The ", *wait, "sky", *wait]))
    pieces, reply = streamed(LanguageModel(settings_for(server, llm_seconds=1.5)))
    assert (pieces[0], reply.text, reply.problem) == (Thought("Hm."), "The sky", "")


@pytest.mark.parametrize("size", [1, 0], ids=["by character", "at once"])
@pytest.mark.parametrize(
    "unit", [" ", "\n", "<", "[", "<think>", "\n<think>a</think>", "x</think>", "```\n", "<thi "]
)
def test_thinking_is_told_apart_in_linear_time(unit, size):
    def read(text):
        pieces, parser = list(text) if size else [text], ThinkingParser()
        parts = [part for piece in pieces for part in parser.feed(piece)]
        parts += parser.finish()
        assert all(isinstance(part, str | Thought) for part in parts)

    once, often = (unit * (count // len(unit)) for count in (10_000, 40_000))
    assert grows_linearly(read, once, often, enough=0.4)
