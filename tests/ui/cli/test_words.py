import pytest

from ui.cli.words import clean, clean_lines, counted, duration, move


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 ms"),
        (0.0124, "12 ms"),
        (0.9996, "1.0 s"),
        (3.44, "3.4 s"),
        (59.97, "1 min 00 s"),
        (125, "2 min 05 s"),
    ],
)
def test_duration(seconds: float, words: str):
    assert duration(seconds) == words


@pytest.mark.parametrize(
    ("before", "after", "words"), [(3, 1, "▲2"), (1, 2, "▼1"), (2, 2, "="), (None, 1, "new")]
)
def test_move(before: int | None, after: int, words: str):
    assert move(before, after) == words


def test_clean_leaves_nothing_that_steers_a_terminal():
    assert clean("a\x1b[31m\n\tb\udcff c") == "a�[31m b� c"
    assert clean_lines("a\n\tb\x07") == "a\n\tb�"


def test_counted():
    assert counted(["added", "failed", "added"]) == "2 added, 1 failed"
