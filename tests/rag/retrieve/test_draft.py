"""Team-draft interleaving: complete, without repeats, and fair."""

import random

from hypothesis import given
from hypothesis import strategies as st

from rag.retrieve.draft import FIRST, NEITHER, SECOND, team_draft

RANKINGS = st.lists(st.sampled_from("abcdefghij"), unique=True)


def drafted(first, second, seed):
    chance = random.Random(seed)
    return team_draft(first, second, lambda: chance.random() < 0.5)


def test_worked_out_by_hand():
    coins = iter([True, False, True])
    found = team_draft("abcd", "bxay", lambda: next(coins))
    assert found == [
        ("a", FIRST), ("b", SECOND), ("x", SECOND), ("c", FIRST), ("d", FIRST), ("y", NEITHER),
    ]  # fmt: skip


@given(RANKINGS, RANKINGS, st.integers())
def test_no_passage_comes_twice_and_none_is_lost(first, second, seed):
    items = [item for item, _ in drafted(first, second, seed)]
    assert len(items) == len(set(items))
    assert set(items) == {*first, *second}


@given(RANKINGS, RANKINGS, st.integers())
def test_teams_never_differ_by_more_than_one_and_pick_in_their_own_order(first, second, seed):
    teams = {FIRST: [], SECOND: [], NEITHER: []}
    for item, team in drafted(first, second, seed):
        teams[team].append(item)
        assert abs(len(teams[FIRST]) - len(teams[SECOND])) <= 1
    for team, ranking in ((FIRST, first), (SECOND, second)):
        places = [ranking.index(item) for item in teams[team]]
        assert places == sorted(places)


@given(RANKINGS, st.integers())
def test_equal_rankings_stay_as_they_are(ranking, seed):
    assert [item for item, _ in drafted(ranking, ranking, seed)] == ranking


def test_each_team_has_the_same_chance_of_every_place():
    """Random clicks credit both alike, also if one ranking is a worse order of the same items."""
    rounds = 4000
    counts = [[0, 0] for _ in range(5)]
    for seed in range(rounds):
        for place, (_, team) in enumerate(drafted("abcdefgh", "hgfxyzab", seed)[:5]):
            counts[place][team == SECOND] += 1
    for first, second in counts:
        assert abs(first - second) < 4 * rounds**0.5, "beyond four standard deviations"
