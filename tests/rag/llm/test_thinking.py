"""Thinking told apart from the answer, at every provider and in pieces of any size."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.generate import generator_for
from rag.generate.answer import Answering
from rag.llm.client import LanguageModel
from rag.llm.thinking import ThinkingParser, Thought
from rag.types import Chunk, Hit
from tests.servers.openai_server import Cut, Pause, Reply
from tests.servers.openai_server import Thought as Sent
from tests.servers.providers import SERVERS, settings_for

# Cohere's client warns about its own use of pydantic when it is first imported.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:cohere.*")

HITS = tuple(Hit(Chunk(f"c{n}", "sky.txt", 0, 5, "Blue."), n, 1.0 / n) for n in (1, 2, 3))


def split(*pieces):
    """Return the answer's text and the thinking, as a reader of the parts keeps them."""
    parser, text, thought = ThinkingParser(), "", ""
    for part in [p for piece in pieces for p in parser.feed(piece)] + list(parser.finish()):
        if isinstance(part, Thought):
            if part.anew:
                text, thought = "", thought + text
            thought += part.text
        else:
            text += part
    return text, thought


@pytest.mark.parametrize(
    ("written", "text", "thought"),
    [
        ("Blue [1].", "Blue [1].", ""),
        ("<think>Hm [2].</think>Blue [1].", "Blue [1].", "Hm [2]."),
        ("\n<think>\nHm\n</think>\n\nBlue", "\n\n\nBlue", "\nHm\n"),
        ("<thinking>Hm</thinking> Blue", " Blue", "Hm"),
        ("[THINK]Hm[/THINK]Blue", "Blue", "Hm"),
        ("<think></think>Blue", "Blue", ""),
        ("<think>never closed [1]", "", "never closed [1]"),
        ("opened by the template [1]\n</think>\nBlue", "\nBlue", "opened by the template [1]\n"),
        ("<think>a</think>One.\n<think>b</think>Two.", "One.\nTwo.", "ab"),
        ("The tag <think> is shown.", "The tag <think> is shown.", ""),
        ("`<think>`\n is </think>", "`<think>`\n is </think>", ""),
        ("```\n<think>\n```\nBlue", "```\n<think>\n```\nBlue", ""),
        ("a < b and c > d [1", "a < b and c > d [1", ""),
        ("<thi", "<thi", ""),
        ("<think>x</thi", "", "x</thi"),
    ],
)
def test_thinking_is_told_apart(written, text, thought):
    assert split(written) == (text, thought)
    assert split(*written) == (text, thought)


FRAGMENTS = [
    "<think>",
    "</think>",
    "<thi",
    "nk>",
    "[1]",
    "[THINK]",
    "\n",
    "```\n",
    "word ",
    "<",
    "/",
]


@settings(deadline=None)
@given(st.lists(st.sampled_from(FRAGMENTS), max_size=15).map("".join), st.data())
def test_any_split_gives_the_same_result(text, data):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=6)))
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert split(*pieces) == split(text)


def test_prose_is_not_held_back():
    parser = ThinkingParser()
    assert list(parser.feed("Blue [1]. A <b")) == ["Blue [1]. A "]
    assert list(parser.feed("> c")) == ["<b> c"]


@pytest.fixture(params=SERVERS)
def served(request):
    """A server, and the settings that ask it."""
    with SERVERS[request.param]() as server:
        yield server, settings_for(server, llm_seconds=2.0)


def ask(served, *pieces, **reply):
    server, settings = served
    server.script(Reply(pieces, **reply))
    answering = Answering(generator_for(settings, None), "Why?", HITS)
    pieces = list(answering)
    return answering.answer, pieces


def test_thinking_in_the_text_is_no_part_of_the_answer(served):
    answer, pieces = ask(served, "<th", "ink>Is it [2]? ", "Or [9]?</thi", "nk>\n\nBlue [", "1].")
    assert answer.text == "".join(pieces) == "Blue [1]."
    assert [c.number for c in answer.citations] == [1]
    assert answer.thinking == "Is it [2]? Or [9]?"
    assert "unknown_citations" not in answer.details
    assert answer.error == ""


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning"])
def test_thinking_in_a_field_of_its_own_is_none_either(served, field):
    answer, _ = ask(served, Sent("Is it [2]?", field), Sent(" Or 3?", field), "Blue [1].")
    assert (answer.text, answer.error) == ("Blue [1].", "")
    assert [c.number for c in answer.citations] == [1]
    assert answer.thinking == "Is it [2]? Or 3?"


def test_an_answer_begins_anew_where_the_thinking_was_not_announced(served):
    answer, pieces = ask(served, "Is it [2]?\n", "</think>\n", "Blue [1].")
    assert answer.text == "Blue [1]."
    assert [(c.number, c.start) for c in answer.citations] == [(1, 5)]
    assert answer.thinking == "Is it [2]?"
    assert pieces[-1] == "Blue [1]."


@pytest.mark.parametrize(
    ("finish", "words"), [("length", "limit of tokens"), ("stop", "thought and ended without")]
)
def test_thinking_without_an_answer_is_an_error_and_kept(served, finish, words):
    answer, _ = ask(served, "<think>On and on [1]", finish=finish)
    assert words in answer.error
    assert (answer.text, answer.citations) == ("", ())
    assert answer.thinking == "On and on [1]"


@pytest.mark.parametrize(
    ("fault", "words"), [(Cut(), "was cut in the middle"), (Pause(30), "nothing came for 2")]
)
def test_a_fault_while_it_thinks_keeps_the_thinking(served, fault, words):
    answer, _ = ask(served, Sent("Is it?"), fault)
    assert words in answer.error
    assert answer.thinking == "Is it?"


@pytest.mark.parametrize(
    "pieces",
    [
        ["<think>The user wants 1</think>", "Why is the sky blue?"],
        ["The user wants 1\n</think>\n", "Why is the sky blue?"],
        [Sent("The user wants 1"), "Why is the sky blue?"],
    ],
)
def test_short_tasks_get_the_words_without_the_thinking(served, pieces):
    server, settings = served
    server.script(Reply(pieces))
    assert LanguageModel(settings).chat("", "Rewrite").text == "Why is the sky blue?"
