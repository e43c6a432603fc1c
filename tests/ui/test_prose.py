"""An answer is drawn in time in proportion to its length, whatever a model writes."""

import pytest

from rag.chat.export import literal
from rag.generate.answer import is_refusal
from rag.types import Chunk
from tests.linear import grows_linearly
from ui.shared.prose import ChipPlace, TextStyle, written

CHUNK = Chunk("c", "doc.txt", 0, 4, "text")
UNITS = [
    "**a ",
    "**",
    "*",
    "`a",
    "[1]",
    "It is so [1]. ",
    "- a\n",
    "# a\n",
    "| a | b |\n|--|--|\n",
    "| a ",
    " ",
    "\n",
    "```\n",
    "> ",
]


def draw(text):
    chips, at = [], text.find("[1]")
    while at >= 0:
        chips.append(ChipPlace(at, at + 3, 1, CHUNK))
        at = text.find("[1]", at + 3)
    marks = [TextStyle(at, at + 12, "doubtful", "why") for at in range(0, len(text), 14)]
    return written(text, chips, marks)


@pytest.mark.parametrize("read", [draw, literal, lambda text: is_refusal(text, cites=False)],
                         ids=["page", "export", "refusal"])  # fmt: skip
@pytest.mark.parametrize("unit", UNITS)
def test_an_answer_is_shown_in_linear_time(unit, read):
    read("warm up")
    once, often = ("X" + unit * (count // len(unit)) for count in (4_000, 16_000))
    assert grows_linearly(read, once, often, enough=0.1)
