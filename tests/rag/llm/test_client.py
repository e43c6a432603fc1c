"""The one client for language models, at every provider: deadline, retries, stopping, tokens."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from rag.errors import ProviderError
from rag.llm.base import Message
from rag.llm.client import LanguageModel
from rag.settings import Settings
from tests.servers.openai_server import Cut, End, Pause, Raw, Reply
from tests.servers.providers import SERVERS, settings_for

# Cohere's client warns about its own use of pydantic when it is first imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:cohere.*")

BUSY = Reply(status=429, error={"message": "Slow down"}, headers={"retry-after": "0"})


@pytest.fixture(params=SERVERS)
def server(request):
    with SERVERS[request.param]() as running:
        yield running


def test_a_chat_returns_the_whole_reply_and_what_it_used(server, tmp_path):
    prices = tmp_path / "prices.toml"
    prices.write_text("[llm]\nfake = { input = 1000000, output = 100000 }\n")
    server.script(BUSY, Reply(["Blue ", "light.\n"]))
    model = LanguageModel(settings_for(server, prices=str(prices)))
    reply = model.chat("Be brief.", "Why?")
    assert (reply.text, reply.problem, reply.retries) == ("Blue light.", "", 1)
    assert model.used([reply, reply]) == {
        "calls": 2,
        "retries": 2,
        "prompt_tokens": 24,
        "completion_tokens": 6,
        "cost_usd": pytest.approx(24.6),
    }
    assert [m["role"] for m in server.requests[1].body["messages"]] == ["system", "user"]
    assert not server.requests[1].body.get("stream")


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (Reply([]), "returned an empty answer"),
        (Reply([], finish="length"), "reached its limit of tokens"),
        (Reply(["<think>On and on"]), "thought and ended without an answer"),
        (Reply(["Blue"], finish="content_filter"), "declined to answer"),
    ],
)
def test_a_reply_that_is_no_answer_comes_with_the_reason(server, reply, problem):
    server.script(reply)
    assert problem in LanguageModel(settings_for(server)).chat("", "Why?").problem


def test_a_reply_that_breaks_off_is_asked_for_again(server):
    server.script(Reply(["Blue", Cut()]), Reply(["Blue light."]))
    reply = LanguageModel(settings_for(server)).chat("", "Why?")
    assert (reply.text, reply.retries) == ("Blue light.", 1)
    server.script(Reply(["Blue", Cut()]))
    with pytest.raises(ProviderError, match="hung up in the middle"):
        LanguageModel(settings_for(server), retries=0).chat("", "Why?")


@pytest.mark.parametrize("body", ["<html>Welcome</html>", "{not json", "[]", '{"a": 1}', "3"])
def test_anything_else_is_not_the_protocol(server, body):
    server.script(Reply([Raw(body)]))
    with pytest.raises(ProviderError, match=r"not its protocol|a web page"):
        LanguageModel(settings_for(server)).chat("", "Why?")


def test_a_chat_hangs_up_at_its_deadline_and_names_the_option(server):
    server.script(Reply(["late"], delay=30))
    model = LanguageModel(settings_for(server, expansion_seconds=0.5), "", "expansion_seconds")
    started = time.monotonic()
    with pytest.raises(ProviderError, match=r"within 0\.5 seconds.*raise expansion_seconds"):
        model.chat("", "Why?")
    assert time.monotonic() - started < 4
    assert server.left.wait(1.0)


def test_a_call_that_times_out_leaves_the_others_alone(server):
    server.script(Reply(["slow"], delay=1.5), Reply(["late"], delay=30))
    model = LanguageModel(settings_for(server, llm_seconds=20.0))
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(model.chat, "", "Why?")
        while not server.requests:
            time.sleep(0.01)
        late = pool.submit(model.chat, "", "Why?", 0.5)
        with pytest.raises(ProviderError):
            late.result()
        assert slow.result().text == "slow"


def test_a_connection_is_used_again_unless_it_was_hung_up_on(server):
    model = LanguageModel(settings_for(server))
    for _ in range(3):
        model.chat("", "Why?")
    assert len({request.port for request in server.requests}) == 1
    server.script(Reply(["late"], delay=30))
    with pytest.raises(ProviderError):
        model.chat("", "Why?", 0.3)
    model.chat("", "Why?")
    assert len({request.port for request in server.requests}) == 2


def test_whoever_is_stopped_hangs_up_at_once_and_calls_no_more(server):
    server.script(Reply(["late"], delay=60))
    model, errors = LanguageModel(settings_for(server)), []

    def chat():
        try:
            model.chat("", "Why?")
        except ProviderError as error:
            errors.append(error)

    thread = threading.Thread(target=chat, daemon=True)
    thread.start()
    while not server.requests:
        time.sleep(0.01)
    model.stop()
    assert server.left.wait(1.0)
    thread.join(1.0)
    assert len(errors) == len(server.requests) == 1
    chat()
    assert len(errors) == 2
    assert len(server.requests) == 1


def test_a_stream_that_ends_without_a_reason_is_cut(server):
    server.script(Reply(["Blue", End()]))
    stream = LanguageModel(settings_for(server)).stream([Message("user", "Why?")])
    assert next(stream) == "Blue"
    with pytest.raises(StopIteration) as ended:
        next(stream)
    assert "was cut in the middle of the answer" in ended.value.value.problem


def test_whoever_leaves_a_stream_hangs_up(server):
    server.script(Reply(["Blue", Pause(60), "late"]))
    stream = LanguageModel(settings_for(server)).stream([Message("user", "Why?")])
    assert next(stream) == "Blue"
    stream.close()
    assert server.left.wait(1.0)


@pytest.mark.parametrize("provider", SERVERS)
@pytest.mark.parametrize("url", ["host", "http://", "http://[::1", "ftp://x", "http://127.0.0.1:9"])
def test_a_wrong_address_is_named(provider, url):
    settings = Settings(
        llm_provider=provider,
        llm_model="m",
        llm_base_url=url,
        cohere_url=url,
        cohere_api_key="key-0123456789",
    )
    option = "cohere_url" if provider == "cohere" else "llm_base_url"
    with pytest.raises(ProviderError, match=f"cannot be reached. Check {option}"):
        LanguageModel(settings, retries=0).chat("", "Why?")
