from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from rag.errors import RanklensError
from rag.evaluate.judgements.votes import (
    Vote,
    VotedPipeline,
    VoteStore,
    proposals,
    tallies,
    to_csv,
)
from rag.evaluate.measures.statistics import binomial_p
from rag.store.catalogue import Catalogue
from tests.between import WRITES, before

NONE, LATE = (
    VotedPipeline("none", "aa", ("p", "q", "r")),
    VotedPipeline("late", "bb", ("q", "s", "p")),
)


@pytest.fixture
def votes(database: Path | str) -> Iterator[VoteStore]:
    opened = Catalogue(database)
    yield VoteStore(opened)
    opened.close()


def vote(choice: str = "left", question: str = "Why?", **more: object) -> Vote:
    made = Vote(question, "rankings", NONE, LATE, choice, "ada")  # type: ignore[arg-type]
    return replace(made, **more)  # type: ignore[arg-type]


@given(st.integers(0, 60), st.integers(0, 60))
def test_the_test_is_scipys(wins: int, losses: int):
    expected = stats.binomtest(wins, wins + losses).pvalue if wins + losses else 1.0
    assert binomial_p(wins, losses) == pytest.approx(expected)


def test_a_vote_is_kept_whole_and_taken_back(votes: VoteStore):
    made = votes.add(vote(question="  Why\n so? "))
    assert votes.all() == [made]
    assert (made.question, made.left, made.right) == ("Why so?", NONE, LATE)
    assert made.id
    assert made.time > 1e9
    assert votes.remove([made.id]) == 1
    assert votes.all() == []


@pytest.mark.parametrize(
    "wrong", [{"choice": "best"}, {"kind": "smell"}, {"voter": " "}, {"question": "\n"}]
)
def test_a_faulty_vote_is_refused(votes: VoteStore, wrong: dict[str, str]):
    with pytest.raises(RanklensError):
        votes.add(vote(**wrong))


def test_the_same_voter_changes_a_vote_and_others_count_beside_it(votes: VoteStore):
    votes.add(vote("left"))
    votes.add(replace(vote("left"), left=LATE, right=NONE))  # the other one, on swapped sides
    votes.add(vote("tie", voter="ben"))
    votes.add(vote("left", kind="answers"))
    votes.add(vote("left", right=replace(LATE, digest="cc")))
    assert [(v.voter, v.kind, v.choice) for v in votes.all()] == [
        ("ada", "rankings", "left"),
        ("ben", "rankings", "tie"),
        ("ada", "answers", "left"),
        ("ada", "rankings", "left"),
    ]
    assert votes.all()[0].winner == LATE


def test_a_voter_in_two_windows_has_one_vote(tmp_path: Path):
    catalogue = Catalogue(tmp_path / "catalogue.sqlite")
    votes = VoteStore(catalogue)
    before(catalogue.engine, WRITES, lambda: votes.add(vote("right")))
    votes.add(vote("left"))
    assert [one.choice for one in votes.all()] == ["left"]
    catalogue.close()


def test_counts_by_hand():
    sides = {"left": LATE, "right": NONE}
    held = [
        vote("right"),  # late, on either side
        vote("left", **sides),
        vote("left"),  # none
        vote("tie"),
        vote("both bad"),
        vote("left", kind="answers"),
        vote("left", right=replace(LATE, digest="cc")),
    ]
    (first, of_first), *others = tallies(held)
    assert (first.first.name, first.second.name) == ("late", "none")
    assert (first.wins, first.losses, first.ties, first.both_bad) == (2, 1, 1, 1)
    assert first.p == 1.0
    assert len(of_first) == 5
    assert [(tally.kind, tally.losses) for tally, _ in others] == [("answers", 1), ("rankings", 1)]
    # Five to none: 2 / 2**5.
    (five, _), *_ = tallies([vote("right", question=str(i)) for i in range(5)])
    assert five.p == pytest.approx(0.0625)


def test_what_a_vote_suggests():
    assert proposals(vote("left")) == {"r": 1, "s": 0}
    assert proposals(vote("right")) == {"s": 1, "r": 0}
    assert proposals(vote("both bad")) == dict.fromkeys("pqrs", 0)
    assert proposals(vote("tie")) == {}


def test_csv_holds_all_of_a_vote():
    text = to_csv([vote("right", question='=1+1, "x"', time=0.0)])
    (row,) = csv.DictReader(io.StringIO(text))
    assert (row["question"], row["winner"], row["choice"]) == ('\'=1+1, "x"', "late", "right")
    assert (row["left_name"], row["right_passages"]) == ("none", "q s p")
    assert row["time"].startswith("1970-01-01T00:00:00")
