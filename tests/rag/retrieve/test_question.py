"""Questions that are too long, or hold what no tokeniser takes."""

import pytest

from rag.errors import RanklensError
from rag.retrieve.question import checked_question
from rag.settings import Settings


def test_a_question_that_is_too_long_is_refused_with_the_option():
    settings = Settings(max_question_characters=100)
    assert checked_question("  " + "x" * 100 + "\n", settings) == "x" * 100
    with pytest.raises(
        RanklensError, match=r"101 characters; at most 100.*max_question_characters"
    ):
        checked_question("x" * 101, settings)


def test_halves_of_characters_are_replaced():
    assert checked_question("how \ud800 kept\udcff?", Settings()) == "how � kept�?"
