"""Words of a text."""

import pytest

from rag.text.words import words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Io's 2 moons", ["Io", "s", "2", "moons"]),
        ("土星有水。", ["土星", "星有", "有水"]),
        ("水", ["水"]),
        ("NASA的2号 rover", ["NASA", "的", "2", "号", "rover"]),
        ("土星，火星", ["土星", "火星"]),
        ("order_date", ["order", "date"]),
        ("", []),
    ],
)
def test_words_of_a_text_and_pairs_of_letters_where_none_are_parted(text, found):
    assert words(text) == found
