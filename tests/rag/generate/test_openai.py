"""The OpenAI path against a real local server: the answer, and everything that can go wrong."""

import time

import pytest

from rag.errors import SettingsError
from rag.generate import generator_for
from rag.generate.answer import Answering
from rag.generate.base import REFUSAL
from rag.settings import Settings
from rag.types import Chunk, Hit
from tests.servers.openai_server import KEY, Cut, End, OpenAIServer, Pause, Raw, Reply

HITS = tuple(
    Hit(Chunk(f"c{n}", "sky.txt", 0, 600, f"Fact {n}. " + "word " * 120, page=n), n, 1.0 / n)
    for n in range(1, 6)
)


@pytest.fixture
def server():
    with OpenAIServer() as running:
        yield running


def ask(server, **changes):
    given = {
        "llm_base_url": server.url,
        "llm_model": "fake",
        "llm_api_key": server.key,
        "llm_seconds": 5.0,
        **changes,
    }
    answering = Answering(generator_for(Settings(**given), None), "Why is the sky blue?", HITS)
    pieces = list(answering)
    assert "".join(pieces) == answering.answer.text
    assert KEY not in repr(answering.answer)
    return answering.answer


def test_an_answer_streams_with_citations_and_tokens(server):
    server.script(Reply(["Blue ", "light scatters [", "2]."]))
    answer = ask(server)
    assert answer.text == "Blue light scatters [2]."
    assert [c.chunk_id for c in answer.citations] == ["c2"]
    assert (answer.generator, answer.error, answer.refused) == ("openai:fake", "", False)
    assert answer.details["prompt_tokens"] == 12
    assert answer.details["completion_tokens"] == 3
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_what_an_answer_cost_comes_from_the_table_of_prices(server, tmp_path):
    prices = tmp_path / "prices.toml"
    prices.write_text("[llm]\nfake = { input = 1000000, output = 100000 }\n")
    assert ask(server, prices=str(prices)).details["cost_usd"] == pytest.approx(12.3)
    assert "cost_usd" not in ask(server).details


def test_the_exact_prompt_is_kept_with_the_answer(server):
    answer = ask(server)
    sent = [message["content"] for message in server.requests[0].body["messages"]]
    assert all(content in answer.prompt for content in sent)


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


def test_the_model_says_that_the_documents_do_not_answer(server):
    server.script(Reply([REFUSAL[:10], REFUSAL[10:]]))
    answer = ask(server)
    assert answer.refused
    assert answer.error == ""


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


def test_a_key_is_asked_for_where_the_endpoint_wants_one(server):
    error = ask(server, llm_api_key="").error
    assert error.startswith(f"The endpoint {server.url} needs a key")


def test_a_wrong_key_is_refused_and_not_repeated(server):
    error = ask(server, llm_api_key="sk-wrong-abcdefgh").error
    assert "refused the key" in error
    assert server.url in error
    assert "wrong-abc" not in error


def test_a_key_of_no_known_form_is_not_repeated_either(server):
    error = ask(server, llm_api_key="hunter2").error
    assert "refused the key" in error
    assert "hunter2" not in error


def test_an_unknown_model_is_named(server):
    error = ask(server, llm_model="none-such").error
    assert "does not know the model none-such" in error
    assert "Check the model's name and llm_base_url" in error


BUSY = Reply(status=429, error={"error": {"message": "Slow down"}}, headers={"retry-after": "0"})
BROKEN = Reply(status=500, error={"error": {"message": "Oops"}}, headers={"retry-after": "0"})


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
    error = ask(server, llm_retries=1).error
    assert words in error
    assert server.url in error
    assert len(server.requests) == 2


def test_the_server_is_given_the_time_it_asks_for(server):
    server.script(Reply(status=429, error={"error": {}}, headers={"retry-after": "1"}))
    started = time.monotonic()
    assert ask(server).error == ""
    assert 1.0 <= time.monotonic() - started < 4.0


def test_a_wait_beyond_reason_is_told_instead(server):
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
    assert [c.number for c in answer.citations] == [1]


@pytest.mark.parametrize("how", [Cut(), End()])
def test_a_connection_that_is_cut_keeps_what_arrived(server, how):
    server.script(Reply(["Blue [1]. Also", how]))
    answer = ask(server)
    assert "was cut in the middle of the answer" in answer.error
    assert answer.text == "Blue [1]. Also"


def test_an_error_in_the_stream_is_told(server):
    server.script(Reply(["Blue", Raw('data: {"error": {"message": "worker died"}}\n\n')]))
    answer = ask(server)
    assert "worker died" in answer.error
    assert answer.text == "Blue"


def test_an_empty_answer_is_an_error(server):
    server.script(Reply([]))
    assert "returned an empty answer from fake" in ask(server).error


def test_an_answer_of_thoughts_only_says_which_limit(server):
    server.script(Reply([], finish="length"))
    assert "reached its limit of tokens" in ask(server).error


def test_an_answer_cut_at_the_limit_says_so(server):
    server.script(Reply(["Blue"], finish="length"))
    assert ask(server).details["cut_at_limit"] is True


def test_a_refusal_by_the_model_is_told_in_its_words(server):
    server.script(Reply([], refusal="I cannot help with that."))
    answer = ask(server)
    assert "fake declined to answer: “I cannot help with that.”" in answer.error
    assert not answer.refused


def test_a_content_filter_is_told_and_what_arrived_is_kept(server):
    server.script(Reply(["Blue"], finish="content_filter"))
    answer = ask(server)
    assert "content filter" in answer.error
    assert answer.text == "Blue"


def test_a_prompt_that_is_too_long_is_packed_smaller():
    with OpenAIServer(window=4500) as server:
        answer = ask(server)
    assert answer.error == ""
    assert answer.details["packed_smaller"] == 1
    assert answer.left_out
    assert len(server.requests) == 2
    assert "Fact 1." in server.requests[1].prompt
    assert "Fact 5." not in server.requests[1].prompt


def test_a_prompt_that_never_fits_is_told():
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
