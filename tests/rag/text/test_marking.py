"""Words of the question are marked; the pieces together are the text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rag.store.analyse import analyser
from rag.text.marking import excerpt, marked


def words(text, question, language="english"):
    return [piece for piece, found in marked(text, question, analyser(language)) if found]


def test_other_forms_of_a_word_are_marked_and_function_words_are_not():
    text = "The Battery is charged; batteries (of 1,500 mAh) charge in the sun."
    found = words(text, "How are the batteries charged?")
    assert found == ["Battery", "charged", "batteries", "charge"]


def test_auxiliaries_and_lone_digits_are_not_marked():
    text = "What it did in 1977: Voyager 2 did, and has, 2 antennas."
    found = words(text, "What did Voyager 2 do in 1977, and has it 2 antennas?")
    assert found == ["1977", "Voyager", "antennas"]


def test_in_scripts_without_spaces_two_letters_are_marked():
    assert words("彗星探测器在彗星上", "彗星是什么") == ["彗星", "彗星"]


@given(st.text(max_size=80), st.text(max_size=40))
def test_the_pieces_are_the_text(text, question):
    pieces = marked(text, question, analyser("english"))
    assert "".join(piece for piece, _ in pieces) == text
    assert all(piece for piece, _ in pieces)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Ice all over.", "[Ice] all over."),
        (
            f"{'Snow falls. ' * 9}The ice on the moon is {'old ' * 9}",
            "…Snow falls. The [ice] on the [moon] is old …",
        ),
        (
            f"The ice {'is cold ' * 20}ice moon {'today ' * 9}",
            "…is cold is cold [ice] [moon] today today to…",
        ),
        (f"{'Snow falls. ' * 9}", "Snow falls. Snow falls. Snow falls. Sno…"),
        (
            f"The ice {'is cold ' * 20} moon {'today ' * 9}",
            "The [ice] is cold is cold is cold is cold…",
        ),
    ],
)
def test_an_excerpt_is_the_first_part_with_most_words_of_the_question(text, shown):
    pieces = excerpt(marked(text, "ice on the moon", analyser("english")), 40)
    assert "".join(f"[{piece}]" if found else piece for piece, found in pieces) == shown


@given(st.text("ab ice中国", max_size=120), st.integers(30, 60))
def test_an_excerpt_is_a_part_of_the_text_and_not_longer(text, length):
    pieces = excerpt(marked(text, "ice 中国", analyser("english")), length)
    shown = "".join(piece for piece, _ in pieces)
    assert shown.strip("…") in text
    assert len(shown.strip("…")) <= length
    whole = marked(text, "ice 中国", analyser("english"))
    assert any(found for _, found in pieces) == any(found for _, found in whole)
