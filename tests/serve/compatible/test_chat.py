"""`POST /v1/chat/completions` with OpenAI's client."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import openai
import pytest

from rag.trace import from_dict
from ranklens.library import Library
from tests.ranklens.bridges import BEST, QUESTION
from tests.serve.compatible.conftest import openai_of, served
from tests.serve.conftest import open_library, stock
from tests.servers.openai_server import OpenAIServer, Pause, Reply, Thought
from tests.servers.providers import options_for

ASKED = [{"role": "user", "content": QUESTION}]
MOON = [{"role": "user", "content": "What pulls the tide?"}]


def test_an_answer_with_citations_and_its_trace(chat_client: openai.OpenAI, bridges: Library):
    reply = chat_client.chat.completions.create(model="ranklens", messages=ASKED)
    message = reply.choices[0].message
    assert message.content == bridges.ask(QUESTION).answer.text
    assert (message.role, reply.choices[0].finish_reason) == ("assistant", "stop")
    assert reply.object == "chat.completion"
    cited = message.annotations[0].url_citation
    assert message.content[cited.start_index : cited.end_index] == "[1]"
    assert cited.title == "bridges.md"
    assert cited.quote in "\n".join(chunk.text for chunk in bridges.chunks("bridges.md"))
    assert cited.url.startswith(reply.trace_url)
    trace = from_dict(httpx.get(reply.trace_url).json())
    assert trace.answer.text == message.content
    assert BEST in trace.evidence[0].chunk.text
    assert cited.passage in {hit.chunk.id for hit in trace.evidence}
    assert reply.id == f"chatcmpl-{reply.trace_id}"


def test_a_stream_gives_the_same(chat_client: openai.OpenAI):
    whole = chat_client.chat.completions.create(model="ranklens", messages=ASKED)
    stream = chat_client.chat.completions.create(
        model="ranklens", messages=ASKED, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert chunks[0].choices[0].delta.role == "assistant"
    text = "".join(one.choices[0].delta.content or "" for one in chunks if one.choices)
    assert text == whole.choices[0].message.content
    last, usage = chunks[-2], chunks[-1]
    assert last.choices[0].finish_reason == "stop"
    expected = [one.url_citation for one in whole.choices[0].message.annotations]
    found = [one["url_citation"] for one in last.choices[0].delta.annotations]
    spans = [(one["start_index"], one["end_index"], one["passage"]) for one in found]
    assert spans == [(one.start_index, one.end_index, one.passage) for one in expected]
    assert (usage.choices, usage.usage.total_tokens) == ([], 0)  # no model wrote it
    assert len({one.id for one in chunks}) == 1
    assert httpx.get(chunks[0].trace_url).json()["answer"]["text"] == text


def test_the_last_question_is_asked_and_earlier_ones_are_its_conversation(chat_client):
    reply = chat_client.chat.completions.create(
        model="none",
        messages=[
            {"role": "system", "content": "You are a pirate."},
            *ASKED,
            {"role": "assistant", "content": "In 1820 [1]."},
            {"role": "user", "content": [{"type": "text", "text": "How many lanes has it?"}]},
        ],
    )
    trace = httpx.get(reply.trace_url).json()
    assert trace["rewriting"]["asked"] == "How many lanes has it?"
    assert "Brook" in trace["question"]
    assert trace["settings"]["reranker"] == "none"
    assert "lanes" in reply.choices[0].message.content


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        ({"model": "gpt-4o"}, 400, "unknown reranker 'gpt-4o'"),
        ({"model": "llm_base_url=http://evil.example"}, 400, "cannot be set here"),
        ({"messages": [{"role": "system", "content": "x"}]}, 400, "no message has the role user"),
        ({"messages": []}, 400, "messages"),
        ({"messages": [{"role": "user", "content": "  "}]}, 400, "the question is empty"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, 400, "tools are not"),
        ({"n": 2}, 400, "n: "),
        ({"messages": [{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "data:,"}}]}]}, 400, "send text only"),
        ({"messages": [{"role": "user", "content": "x" * 50_000}]}, 400, "max_question_characters"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("streamed", [False, True])
def test_openai_s_client_shows_what_is_wrong(chat_client, body, status, words, streamed):
    given = {"model": "ranklens", "messages": ASKED, **body}
    with pytest.raises(openai.APIStatusError, match=words) as error:
        chat_client.chat.completions.create(**given, stream=streamed)
    assert error.value.status_code == status
    assert error.value.type == "invalid_request_error"


@pytest.fixture(scope="module")
def model() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        yield server


@pytest.fixture(scope="module")
def client(model: OpenAIServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator:
    """OpenAI's client of a library whose answers a model writes."""
    folder: Path = tmp_path_factory.mktemp("chat")
    with open_library(folder, llm_retries=0, **options_for(model)) as library:
        stock(library, folder)
        with served(library) as address, openai_of(address) as made:
            yield made


def ask(client: openai.OpenAI, **more):
    return client.chat.completions.create(model="ranklens", messages=MOON, **more)


def test_a_model_writes_and_its_tokens_are_counted(client, model):
    model.script(Reply(["The moon", " does [1]."]))
    reply = ask(client, temperature=0.5)
    assert reply.choices[0].message.content == "The moon does [1]."
    assert (reply.usage.prompt_tokens, reply.usage.completion_tokens) == (12, 3)
    assert model.requests[-1].body["temperature"] == 0.5
    (cited,) = reply.choices[0].message.annotations
    assert cited.url_citation.document == "moon.md"


def test_pieces_arrive_while_the_model_writes(client, model):
    model.script(Reply(["One ", Pause(1.0), "two."]))
    started, arrived = time.monotonic(), []
    for part in ask(client, stream=True):
        text = part.choices[0].delta.content
        arrived += [(text, time.monotonic() - started)] if text else []
    assert "".join(text for text, _ in arrived) == "One two."
    assert arrived[0][1] < arrived[-1][1] - 0.5


def test_citations_are_found_behind_thinking_that_was_sent(client, model):
    model.script(Reply(["Let me see, ", "maybe mars.</think>", "The moon does [1]."]))
    parts = [part for part in ask(client, stream=True) if part.choices]
    text = "".join(part.choices[0].delta.content or "" for part in parts)
    (cited,) = parts[-1].choices[0].delta.annotations
    where = cited["url_citation"]
    assert text[where["start_index"] : where["end_index"]] == "[1]"


def test_thinking_is_no_part_of_an_answer(client, model):
    model.script(Reply([Thought("Let me see."), "The moon [1]."]))
    assert ask(client).choices[0].message.content == "The moon [1]."


def test_a_model_that_fails_is_an_error_with_the_reason(client, model):
    model.script(Reply(status=500, error={"message": "Oops"}))
    with pytest.raises(openai.InternalServerError, match="500") as error:
        ask(client)
    assert error.value.status_code == 502
    trace = error.value.body["message"].rpartition("trace ")[2].strip(")")
    assert client.get(f"/traces/{trace}", cast_to=object)["answer"]["error"]


def test_a_model_that_fails_in_a_stream_is_an_error_with_the_reason(client, model):
    model.script(Reply(status=500, error={"message": "Oops"}))
    with pytest.raises(openai.APIError, match="500"):
        list(ask(client, stream=True))


def test_a_client_that_hangs_up_stops_the_model(client, model):
    model.script(Reply(["One ", Pause(30), "late"]))
    stream = ask(client, stream=True)
    next(part for part in stream if part.choices[0].delta.content)
    stream.close()
    assert model.left.wait(5)
