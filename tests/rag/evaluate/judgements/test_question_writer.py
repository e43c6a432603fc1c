"""Questions that a model writes from passages: only those with a quote that is there stay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rag.evaluate.judgements.question_writer import read_questions, spread, write_questions
from rag.llm.client import configured
from rag.settings import Settings
from rag.types import Chunk
from tests.servers.chat_server import ChatServer
from tests.servers.openai_server import Reply
from tests.servers.providers import SERVERS, settings_for

# Cohere's client warns about its own use of pydantic when it is first imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:cohere.*")

TEXT = "The tower [1] is thirty-two metres high.\nIt stands on a ledge of black slate."
LONG = " ".join(["word"] * 30)


def chunk(text: str = TEXT, start: int = 0) -> Chunk:
    return Chunk(f"{start:032}", "tower.md", start, start + len(text), text)


def row(question: str, quote: str) -> dict[str, str]:
    return {"question": question, "quote": quote, "answer": "so"}


def write(reply: str, chunks: list[Chunk], count: int, **more: object):
    with ChatServer(lambda _s, _u: reply) as server:
        settings = Settings(llm_base_url=server.url, llm_model="fake", **more)
        return write_questions(configured(settings), chunks, count), server.asked


def test_a_question_stays_where_its_quote_is_word_for_word_there():
    rows = [
        row(" How high is\nthe tower? ", "The tower ⟦1⟧ is thirty-two metres high."),
        row("What does it stand on?", "a ledge of  black\nslate"),
        row("What is it made of?", "The tower is made of slate."),
        row("how high is the tower?", "thirty-two metres"),
    ]
    found, asked = write(f"Here:\n```json\n{json.dumps(rows)}\n```", [chunk(start=7)], 4)
    first, second = found.written
    assert (first.question, first.start, first.quote) == ("How high is the tower?", 7, TEXT[:40])
    at = TEXT.index("a ledge")
    assert (second.start, second.end) == (7 + at, 7 + TEXT.index(".", at))
    assert second.quote == "a ledge of black slate"
    assert (found.unfounded, found.repeated, found.model) == (1, 1, "fake")
    assert found.outcome.used["calls"] == 1
    system, user = asked[0]
    assert "this many questions: 4" in system
    assert "⟦1⟧" in user
    judged = found.written[0].judgement("fake", "d")
    assert (judged.source, judged.judge, judged.grade, judged.quote) == (
        "llm",
        "fake",
        3,
        TEXT[:40],
    )


@pytest.mark.parametrize("provider", SERVERS)
def test_every_provider_can_write(provider: str):
    with SERVERS[provider]() as server:
        server.script(Reply([json.dumps([row("What does it stand on?", "black slate")])]))
        found = write_questions(configured(settings_for(server)), [chunk()], 1)
    assert [one.question for one in found.written] == ["What does it stand on?"]


def test_more_than_was_asked_for_is_left_out():
    rows = [row(f"Why {i}?", "black slate") for i in range(5)]
    found, _ = write(json.dumps(rows), [chunk()], 2)
    assert [one.question for one in found.written] == ["Why 0?", "Why 1?"]


def test_a_reply_that_is_no_list_is_told():
    found, asked = write("I would rather not.", [chunk()], 1)
    assert found.written == ()
    assert len(asked) == 2
    assert "tower.md, characters 0-" in found.outcome.failures[0]
    assert "no JSON list" in found.outcome.failures[0]


@pytest.mark.parametrize(
    "reply", ["", "[]", "{}", "[1]", '[{"question": "Why?"}]', '[{"question": " ", "quote": "x"}]',
              '[{"question": "Why?", "quote": 3}]', '[{"question": "Why?", "quote": "x"', "null",
              json.dumps([row("x" * 401, "x")]), json.dumps([row("x", "x" * 601)])]
)  # fmt: skip
def test_malformed_rows_are_refused(reply: str):
    with pytest.raises(ValueError, match="no JSON list"):
        read_questions(reply)


def test_one_object_is_a_list_of_one():
    (row,) = read_questions('{"question": "Why?", "quote": "x"}')
    assert (row.question, row.quote, row.answer) == ("Why?", "x", None)


def test_passages_are_spread_over_the_document_and_short_ones_left_out():
    chunks = [chunk(LONG if i % 2 else "Heading", i * 1000) for i in range(20)]
    shares = spread(chunks, 5)
    assert [c.start for c, _ in shares] == [3000, 7000, 11000, 15000, 19000]
    assert [n for _, n in shares] == [1] * 5
    assert [n for _, n in spread(chunks[:4], 5)] == [3, 2]
    assert spread([chunk("Heading")], 1)[0][1] == 1
    assert spread([], 3) == []


def test_the_prompt_is_a_file_that_can_be_replaced(tmp_path: Path):
    (tmp_path / "questions.txt").write_text("Ask {count}: {boundary}")
    _, asked = write("[]", [chunk()], 1, prompts=str(tmp_path))
    assert asked[0][0].startswith("Ask 1: ")
