"""What only the OpenAI protocol does, against a real local server."""

import time

import pytest

from rag.errors import SettingsError
from rag.generate import generator_for
from rag.generate.answer import Answering
from rag.settings import Settings
from tests.rag.generate.writers import HITS
from tests.rag.generate.writers import ask_openai as ask
from tests.servers.openai_server import KEY, OpenAIServer, Pause, Raw, Reply


@pytest.fixture
def server():
    with OpenAIServer() as running:
        yield running


def test_what_an_answer_cost_comes_from_the_table_of_prices(server, tmp_path):
    prices = tmp_path / "prices.toml"
    prices.write_text("[llm]\nfake = { input = 1000000, output = 100000 }\n")
    assert ask(server, prices=str(prices)).details["cost_usd"] == pytest.approx(12.3)
    assert "cost_usd" not in ask(server).details


def test_the_answer_is_passed_on_while_it_is_written(server):
    server.script(Reply(["One. ", Pause(30), "Two."]))
    settings = Settings(
        llm_base_url=server.url, llm_model="fake", llm_api_key=KEY, llm_seconds=20.0
    )
    answering = Answering(generator_for(settings, None), "q", HITS)
    started = time.monotonic()
    assert next(iter(answering)) == "One."
    answering.close()
    assert time.monotonic() - started < 10
    assert answering.answer.text == "One."
    assert answering.answer.stopped is True


def test_an_endpoint_without_a_key_gets_no_header():
    with OpenAIServer(key="") as server:
        assert ask(server).error == ""
        assert "authorization" not in server.requests[0].headers


def test_openai_without_a_key_is_not_even_called():
    generator = generator_for(Settings(llm_model="gpt-x", llm_api_key=""), None)
    answering = Answering(generator, "q", HITS)
    assert list(answering) == []
    assert "OpenAI (https://api.openai.com/v1) needs a key" in answering.answer.error
    assert "RANKLENS_LLM_API_KEY" in answering.answer.error


def test_a_key_is_asked_for_if_the_endpoint_wants_one(server):
    error = ask(server, llm_api_key="").error
    assert error.startswith(f"The endpoint {server.url} needs a key")


def test_an_unknown_model_names_the_address_to_check(server):
    assert "Check the model's name and llm_base_url" in ask(server, llm_model="none-such").error


def test_the_server_is_given_the_time_it_asks_for(server):
    server.script(Reply(status=429, error={"error": {}}, headers={"retry-after": "1"}))
    started = time.monotonic()
    assert ask(server).error == ""
    assert 1.0 <= time.monotonic() - started < 4.0


def test_a_wait_beyond_reason_is_reported_instead(server):
    server.script(Reply(status=429, error={"error": {}}, headers={"retry-after": "3600"}))
    started = time.monotonic()
    assert "it asks to wait 3,600 seconds" in ask(server).error
    assert time.monotonic() - started < 3.0
    assert len(server.requests) == 1


def test_no_credit_is_not_tried_again(server):
    error = {"error": {"message": "You exceeded your quota", "code": "insufficient_quota"}}
    server.script(Reply(status=429, error=error))
    assert "has no credit left" in ask(server).error
    assert len(server.requests) == 1


def test_an_error_in_the_stream_is_reported(server):
    server.script(Reply(["Blue", Raw('data: {"error": {"message": "worker died"}}\n\n')]))
    answer = ask(server)
    assert "worker died" in answer.error
    assert answer.text == "Blue"


def test_an_answer_of_thoughts_only_says_which_limit(server):
    server.script(Reply([], finish="length"))
    assert "reached its limit of tokens" in ask(server).error


def test_an_answer_cut_at_the_limit_says_so(server):
    server.script(Reply(["Blue"], finish="length"))
    assert ask(server).details["cut_at_limit"] is True


def test_a_refusal_by_the_model_is_reported_in_its_words(server):
    server.script(Reply([], refusal="I cannot help with that."))
    answer = ask(server)
    assert "fake declined to answer: “I cannot help with that.”" in answer.error
    assert not answer.refused


def test_a_content_filter_is_reported_and_what_arrived_is_kept(server):
    server.script(Reply(["Blue"], finish="content_filter"))
    answer = ask(server)
    assert "content filter" in answer.error
    assert answer.text == "Blue"


def test_a_prompt_that_never_fits_is_reported():
    with OpenAIServer(window=10) as server:
        error = ask(server).error
    assert "too long for fake, even with fewer passages" in error
    assert 2 <= len(server.requests) <= 6


@pytest.mark.parametrize(
    "message",
    [
        "the request exceeds the available context size. try increasing it",
        "This model's maximum context length is 4096 tokens. However, you requested 5000",
        "prompt is too long: 9000 tokens > 8192 maximum",
        "input is too long for requested model",
    ],
)
def test_other_servers_words_for_too_long_are_known(server, message):
    server.script(Reply(status=400, error={"error": {"message": message}}))
    answer = ask(server)
    assert answer.error == ""
    assert answer.details["packed_smaller"] == 1


def test_an_option_that_the_model_does_not_take_is_left_out(server):
    error = {"error": {"message": "Unsupported value", "param": "temperature"}}
    server.script(Reply(status=400, error=error))
    assert ask(server).error == ""
    assert "temperature" in server.requests[0].body
    assert "temperature" not in server.requests[1].body


def test_a_page_instead_of_the_protocol(server):
    server.script(Reply([Raw("<html>Welcome</html>")], content_type="text/html"))
    assert "llm_base_url" in ask(server).error
    server.script(Reply([Raw("data: <html>\n\n")]))
    assert "not its protocol" in ask(server).error
    server.script(Reply(status=400, error="<html><b>Bad</b> gateway</html>"))
    assert "Bad gateway" in " ".join(ask(server).error.split())


def test_nobody_listens():
    settings = Settings(llm_base_url="http://127.0.0.1:9/v1", llm_model="m", llm_seconds=5.0)
    answering = Answering(generator_for(settings, None), "q", HITS)
    assert list(answering) == []
    assert "The endpoint http://127.0.0.1:9/v1 cannot be reached" in answering.answer.error


def test_a_prompt_of_ones_own_replaces_the_built_in_one(server, tmp_path):
    own = tmp_path / "system.txt"
    own.write_text("Be brief. {boundary} {refusal}", "utf-8")
    ask(server, prompts=str(tmp_path))
    assert server.requests[0].body["messages"][0]["content"].startswith("Be brief.")
    own.write_text("Be brief.", "utf-8")
    with pytest.raises(SettingsError, match="boundary"):
        ask(server, prompts=str(tmp_path))
