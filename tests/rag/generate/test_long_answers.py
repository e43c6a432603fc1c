"""A long answer costs time in proportion to its length, however it is cut into pieces."""

import pytest

from rag.generate import generator_for
from rag.generate.answer import Answering
from rag.types import Chunk, Hit, Stage, Trace
from tests.linear import grows_linearly
from tests.servers.openai_server import OpenAIServer, Reply
from tests.servers.providers import settings_for
from ui.ask.answer import facts_of

HITS = tuple(Hit(Chunk(f"c{n}", "sky.txt", 0, 5, "Blue."), n, 1.0 / n) for n in range(1, 6))
UNITS = {
    "spaces": " ", "dots": ".", "brackets": "[", "backticks": "`", "code": "x`` ", "ticks": "` `` ",
    "daggers": "[" + "1†," * 30 + "\n",
    "sources": "【1†a, 1†b", "lists": "[1, ", "ands": "[1 and ", "ranges": "[1-",
    "cited": "It is so [1]. ", "tags": "<think>", "closers": "</think>\n", "words": "word ",
    "lines": "\n", "fence": "```\na", "quotes": '"', "tabs": "\t[9]",
}  # fmt: skip


class Pieces:
    """Writes a text in pieces of a size, as a model that was read through `LanguageModel` does."""

    name = "openai:fake"

    def __init__(self, text, size):
        self._text, self._size = text, size

    def stream(self, question, hits):
        for at in range(0, len(self._text), self._size):
            yield self._text[at : at + self._size]


@pytest.mark.parametrize("size", [1, 10**9], ids=["by character", "at once"])
@pytest.mark.parametrize("before", ["", "`", "```\n"], ids=["plain", "tick", "fence"])
@pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS)
def test_an_answer_is_read_in_linear_time(unit, before, size):
    def read(text):
        answering = Answering(Pieces(text, size), "q", HITS)
        for _ in answering:
            pass
        assert not answering.answer.error

    once, often = (before + unit * (count // len(unit)) for count in (5_000, 20_000))
    assert grows_linearly(read, once, often, enough=0.3)


def test_a_cut_answer_says_so():
    with OpenAIServer() as server:
        server.script(Reply(["The sky is blue [1]. "] * 1000))
        settings = settings_for(server, max_answer_characters=1000)
        answering = Answering(generator_for(settings, None), "Why?", HITS)
        text = "".join(answering)
    answer = answering.answer
    assert answer.text == text
    assert len(text) <= 1000
    assert answer.error == ""
    assert "cut at 1,000 characters (max_answer_characters)" in facts_of(
        answer, Trace("Why?", {"top": 5}, (Stage("reranked", HITS, 0.0),))
    )
