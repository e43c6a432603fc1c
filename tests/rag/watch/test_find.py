"""Logged questions: found by words and outcomes, exported without a formula."""

import csv
import io

import pytest

from rag.watch.find import COLUMNS, matching, to_csv
from tests.rag.watch.made import NOW, entry

ENTRIES = [
    entry(0, question="Why is Mars red?", liked=True, turn=3, collection=2),
    entry(1, question="Which rover is on mars?", liked=False, fell_back="reranked: away"),
    entry(2, question="=HYPERLINK(evil)", refused=True),
    entry(3, question="\t-1+2", error="the server is away"),
]


@pytest.mark.parametrize(
    ("words", "outcomes", "places"),
    [
        ("", [], [3, 2, 1, 0]),
        ("MARS", [], [1, 0]),
        ("red mars", [], [0]),
        ("venus", [], []),
        ("", ["thumb down"], [1]),
        ("", ["thumb up", "thumb down"], [1, 0]),
        ("", ["no thumb"], [3, 2]),
        ("", ["fell back"], [1]),
        ("", ["refused", "failed"], [3, 2]),
        ("mars", ["refused"], []),
    ],
)
def test_words_and_outcomes_choose_the_newest_first(words, outcomes, places):
    assert matching(ENTRIES, words, outcomes) == [ENTRIES[place] for place in places]


def test_no_cell_of_the_file_is_a_formula():
    rows = list(csv.DictReader(io.StringIO(to_csv(ENTRIES, {2: "=1+1"}))))
    assert tuple(rows[0]) == COLUMNS
    assert [row["question"] for row in rows[2:]] == ["'=HYPERLINK(evil)", "'\t-1+2"]
    assert (rows[0]["thumb"], rows[1]["thumb"], rows[2]["thumb"]) == ("up", "down", "")
    assert rows[0]["ranking_ms"] == f"{ENTRIES[0].ranking * 1000:.1f}"
    assert rows[0]["time"].startswith("2023-11-14T22:13:20")
    assert [row["collection"] for row in rows[:2]] == ["'=1+1", ""]
    assert NOW == 1_700_000_000.0
