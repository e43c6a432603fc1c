from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.text.sentences import sentences


def split(text):
    return [text[a:b] for a, b in sentences(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["Apple Inc. reported $1.5 billion.", "Mr. Smith of the U.S. Senate agreed."],
        ["It was sold by Apple Inc.", "The price is unknown."],
        ['She said "Yes."', "He left at 5 p.m.", "The end."],
        [
            "See Fig. 3 and No. 5.",
            "J. R. R. Tolkien wrote it!",
            "Really?",
            "Yes... maybe, e.g. this.",
        ],
        ["1. The first thing.", "2. The second one.", "B. A third."],
        ["Es beginnt am 1. April 2024 im 3. Obergeschoss.", "Köln, 12. März.", "Ende."],
        ["I am 30.", "She is 31.", "I am 32.", "Anna is older.", "Some die 80.", "The end."],
        ["It has 3.", "Dogs bark.", "On Apollo 11.", "Armstrong walked."],
        ["Pi is 3.14 and v1.2.3 is out.", "Next"],
    ],
)
def test_sentences(parts):
    assert split(" ".join(parts)) == parts


def test_cjk():
    assert split("东京是首都。北京也是！「はい。」次") == [
        "东京是首都。",
        "北京也是！",
        "「はい。」",
        "次",
    ]


def test_wrapped_lines_go_on_and_meant_breaks_end():
    wrapped = (
        "This paragraph was wrapped by hand at forty\n"
        "characters so that its lines are all about\n"
        "as long as each other"
    )
    assert split(wrapped) == [wrapped]
    assert split("12:01 started\n12:02 a long line says that it stopped again") == [
        "12:01 started",
        "12:02 a long line says that it stopped again",
    ]


@given(st.text(alphabet="aB .!?\n。\"'1", max_size=200))
def test_every_character_is_in_one_sentence(text):
    spans = sentences(text)
    assert all(a < b and text[a:b] == text[a:b].strip() for a, b in spans)
    assert all(x[1] <= y[0] for x, y in pairwise(spans))
    assert "".join("".join(split(text)).split()) == "".join(text.split())
