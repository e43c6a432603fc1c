"""Journeys and movements of traces that can be worked out by hand."""

import pytest

from rag.journey import fate, journey, journeys, movements, timeline
from rag.types import Answer, Chunk, Stage, Trace, ranked

A, B, C, D = (Chunk(name, f"{name}.txt", 0, 1, name) for name in "abcd")


def stage(name, *scored, seconds=0.1, **more):
    return Stage(name, ranked(scored), seconds, **more)


def trace(**settings):
    return Trace(
        "q",
        {"top": 2, "threshold": None} | settings,
        (
            stage("dense", (A, 0.9), (B, 0.5), seconds=0.3),
            stage("lexical", (C, 7.0), (A, 2.0), (D, 1.0), seconds=0.2),
            stage("fused", (A, 0.04), (C, 0.03), (B, 0.02), (D, 0.01), seconds=0.01),
            stage("reranked", (C, 5.0), (B, 3.0), (A, -1.0), seconds=0.4),
        ),
    )


def test_a_journey_has_a_standing_a_stage():
    found = journey(trace(), "b")
    ranks = [(s.stage, s.rank, s.score) for s in found.standings]
    assert ranks == [
        ("dense", 2, 0.5),
        ("lexical", None, None),
        ("fused", 3, 0.02),
        ("reranked", 2, 3.0),
    ]


def test_journeys_follow_the_last_stage_and_lose_nobody():
    assert [j.chunk.id for j in journeys(trace())] == ["c", "b", "a", "d"]
    assert journey(trace(), "unknown") is None


def test_movements_name_who_rose_fell_entered_and_dropped():
    moves = {m.chunk.id: m for m in movements(trace())}
    told = {k: (m.before, m.after, m.shift, m.direction, m.crossing) for k, m in moves.items()}
    assert told == {
        "c": (2, 1, 1, "rose", ""),
        "b": (3, 2, 1, "rose", "entered"),
        "a": (1, 3, -2, "fell", "dropped"),
        "d": (4, None, None, "fell", ""),
    }
    assert list(moves) == ["c", "b", "a", "d"]


def test_the_threshold_drops_what_the_top_would_have_kept():
    moves = {m.chunk.id: m for m in movements(trace(threshold=4.0))}
    assert (moves["c"].crossing, moves["b"].is_in) == ("", False)


def test_without_the_first_ranking_everything_is_new():
    assert {m.direction for m in movements(trace(), before="expanded")} == {"rose"}


def test_an_unmoved_passage_stays():
    one = Trace("q", {"top": 1}, (stage("fused", (A, 1.0)), stage("reranked", (A, 2.0))))
    assert [(m.direction, m.shift, m.crossing) for m in movements(one)] == [("stayed", 0, "")]


@pytest.mark.parametrize(
    ("chunk_id", "settings", "words"),
    [
        ("b", {}, "given to the answer as [2]"),
        ("a", {}, "rank 3, below the top 2"),
        ("b", {"threshold": 4.0}, "3.000 is below the threshold"),
        ("d", {}, "cut before the stage reranked"),
        ("x", {}, "in no ranking"),
    ],
)
def test_fate_says_where_a_passage_ended(chunk_id, settings, words):
    assert words in fate(trace(**settings), chunk_id)


def test_dense_and_lexical_start_together_and_the_answer_comes_last():
    answered = trace().with_answer(Answer("text", (), "extractive", False, 0.5))
    spans = [(s.name, round(s.start, 3), s.seconds) for s in timeline(answered)]
    assert spans == [
        ("dense", 0.0, 0.3),
        ("lexical", 0.0, 0.2),
        ("fused", 0.3, 0.01),
        ("reranked", 0.31, 0.4),
        ("answer", 0.71, 0.5),
    ]


def test_an_empty_trace_has_nothing_to_tell():
    empty = Trace("q", {}, ())
    assert (journeys(empty), movements(empty), timeline(empty)) == ([], [], [])
    assert "no ranking" in fate(empty, "a")
