"""Ballots: what they show, by whose side, and what a vote on one suggests."""

import pytest

from rag.evaluate.judgements.feedback import cited
from rag.types import Answer, Citation
from ranklens.voting import ballot, renumbered
from tests.ui.fakes import FakeLibrary, trace_of

Q = "How should batteries be kept?"


@pytest.fixture
def library():
    return FakeLibrary()


def test_an_answers_markers_are_numbered_as_they_are_cited():
    trace = trace_of(Q)
    given = trace.evidence
    text = "One [3]. Two [1]. Again [3]."
    marks = [(3, 4), (1, 13), (3, 24)]
    answer = Answer(
        text,
        tuple(Citation(n, given[n - 1].chunk.id, at, at + 3) for n, at in marks),
        "x", False, 0.0,
    )  # fmt: skip
    assert renumbered(trace.with_answer(answer), answer) == ("One [1]. Two [2]. Again [1].")
    passages = cited(trace.with_answer(answer))
    assert [chunk.id for chunk in passages] == [given[2].chunk.id, given[0].chunk.id]


def test_ballots_show_the_same_sides_for_a_seed(library):
    def left(seed):
        options = {"none": {"reranker": "none"}, "late": {"reranker": "late-interaction"}}
        return ballot(library, Q, options, "rankings", 5, False, seed=seed).left.name

    drawn = [left(str(seed)) for seed in range(8)]
    assert set(drawn) == {"none", "late"}
    assert drawn == [left(str(seed)) for seed in range(8)]
