"""An answer is drawn in time in proportion to its length, whatever a model writes."""

import gc
import time

import pytest

from rag.chat.export import literal
from rag.generate.answer import is_refusal
from rag.types import Chunk
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
    def seconds(count):
        text = "X" + unit * (count // len(unit))
        gc.disable()  # else a collection of everything that other tests left falls into it
        started = time.process_time()
        read(text)
        taken = time.process_time() - started
        gc.enable()
        return taken

    read("warm up")
    long = min(seconds(16_000) for _ in range(2))
    assert long < 0.1 or long < 9 * min(seconds(4_000) for _ in range(2))
