"""Names, known by their capitals."""

import pytest

from rag.text.names import full_names, name_words, names


@pytest.mark.parametrize(
    ("question", "found"),
    [
        ("What was Google's revenue in 2022?", ["Google", "2022"]),
        ("Google's revenue", ["Google"]),
        ("Who flew Apollo 11, and when?", ["Apollo 11"]),
        ('Who directed "Big Stone Gap" in Virginia?', ["Big Stone Gap", "Virginia"]),
        ("Does it? Perhaps Mars does", ["Mars"]),
        ("how many of the 7 moons are there", []),
        ("films of F. Jones, and of J J Abrams", ["Jones", "Abrams"]),
        ("谁是习近平", []),
        ("", []),
    ],
)
def test_names_and_figures_of_a_question(question, found):
    assert names(question) == found


def test_words_of_names_are_inside_a_sentence_own_something_or_have_more_capitals():
    text = "Probes of NASA's fleet went. They saw Mars. Apple's chips; ESA paid. Dr. F. Jones left."
    assert list(name_words(text)) == ["NASA", "Mars", "Apple", "ESA", "Jones"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("the Bank of England raised it", ["Bank of England"]),
        (
            "John F. Kennedy met J. R. R. Tolkien. Then",
            ["John F. Kennedy", "J. R. R. Tolkien", "Then"],
        ),
        ("President of the United States in 1994", ["President of the United States", "1994"]),
        ("Ann Lee and Bob Ray", ["Ann Lee", "Bob Ray"]),
        ("über die élan vital", []),
    ],
)
def test_full_names(text, found):
    assert [match[0] for match in full_names(text)] == found
