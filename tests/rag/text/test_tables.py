"""Rows of Markdown tables are distinguished from lines that only hold a bar."""

import pytest

from rag.text.tables import rows


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("a | b\n--|--\n1 | 2\nafter\n3 | 4", {0, 1, 2}),
        ("Look:\n\n| a | b |\n|:--|--:|\n| 1 |", {2, 3, 4}),
        ("a | b\nc | d", set()),
        ("a | b\n|---|", set()),  # another number of columns
        ("---|---\n1 | 2", set()),
        (r"a \| b" + "\n--|--", set()),  # one cell
        ("", set()),
    ],
)
def test_rows(text, places):
    assert rows(text.split("\n")) == places
