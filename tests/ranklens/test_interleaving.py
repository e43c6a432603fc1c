"""Two pipelines compared in use over a real library with a fake encoder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from rag.journey import journeys
from rag.trace import from_json, to_json
from rag.types import StageName, Trace
from ranklens import asking, conversing, interleaving
from ranklens.asking import PendingQuestion
from ranklens.conversing import Turn
from ranklens.library import Library
from tests.serve.conftest import open_library, stock

QUESTION = "Which probe landed on the moon?"
ON = {"ab_first": "none", "ab_second": "other:dense_weight=0.0,top=2"}


@pytest.fixture(scope="module")
def stocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    folder = tmp_path_factory.mktemp("interleaved")
    with open_library(folder) as library:
        stock(library, folder)
        yield library


@pytest.fixture
def library(stocked: Library) -> Iterator[Library]:
    """The library with two pipelines compared, and none again afterwards."""
    before = stocked.settings
    stocked.settings = before.updated(**ON)
    yield stocked
    stocked.settings = before
    for chat in stocked.conversations.all():
        stocked.conversations.remove(chat.id)


def ask(library: Library, question: str = QUESTION, **options: object) -> Turn:
    turn = asking.ask(library, PendingQuestion(question), **options)
    writing = library.writings[turn.id]
    for _piece in writing.follow():
        pass
    return conversing.turn(library, turn.id) or turn


def names(trace: Trace) -> list[str]:
    return [stage.name for stage in trace.stages]


def test_it_is_off_by_default(stocked: Library):
    assert StageName.INTERLEAVED not in names(ask(stocked).trace)
    assert interleaving.results(stocked) == []


def test_the_trace_has_both_rankings_and_the_team_of_each_passage(library: Library):
    trace = ask(library).trace
    assert names(trace)[-3:] == ["reranked", "second-pipeline", "interleaved"]
    first, second, mixed = trace.stages[-3:]
    ids = [hit.chunk.id for hit in mixed.hits]
    assert len(ids) == len(set(ids))
    assert set(ids) == {hit.chunk.id for stage in (first, second) for hit in stage.hits}
    assert len(str(mixed.details["teams"])) == len(ids)
    assert [hit.chunk.id for hit in trace.evidence] == ids[: trace.top]
    assert (trace.settings["ab_first"], trace.settings["ab_second"]) == ("none", "other")
    assert trace.answer is not None
    assert trace.answer.citations
    assert from_json(to_json(trace)) == trace
    assert [one.chunk.id for one in journeys(trace)][: len(ids)] == ids


def test_controls_that_follow_the_turn_keep_the_comparison_on(library: Library):
    """The page shows what a turn was asked with, and asks the next question with that."""
    trace = ask(library).trace
    options = {name: trace.settings[name] for name in ("reranker", "pool", "top", "hops")}
    assert interleaving.wanted(library, options)


def test_a_reader_who_chooses_options_or_asks_again_gets_one_pipeline(library: Library):
    assert StageName.INTERLEAVED not in names(ask(library, pool=7).trace)
    turn = ask(library)
    again = asking.ask(library, PendingQuestion(QUESTION, replaces=turn))
    assert StageName.INTERLEAVED not in names(again.trace)
    for _piece in library.writings[again.id].follow():
        pass


def test_opened_citations_and_thumbs_credit_the_team_that_gave_the_passage(library: Library):
    turn = ask(library)
    cited = turn.trace.answer.citations[0].chunk_id
    (held,) = library.interleavings.all()
    team = held.teams[cited]
    conversing.opened(library, turn, cited)
    conversing.opened(library, turn, cited)  # once is enough
    uncited = next(h.chunk.id for h in turn.trace.stages[-1].hits if h.chunk.id != cited)
    if uncited not in {c.chunk_id for c in turn.trace.answer.citations}:
        conversing.opened(library, turn, uncited)
    (found,) = interleaving.results(library)
    assert (found.first, found.second, found.questions) == ("none", "other", 1)
    assert (found.losses, found.wins) == ((1, 0) if team == "1" else (0, 1))
    conversing.rate(library, turn.id, liked=False)
    (found,) = interleaving.results(library)
    assert (found.wins, found.losses) == (0, 0), "a thumb down takes the credit away again"
    ask(library, "What is near the sun?")
    (found,) = interleaving.results(library)
    assert (found.questions, found.silent) == (2, 2)


def test_other_settings_under_the_same_names_start_anew(library: Library):
    ask(library)
    library.settings = library.settings.updated(ab_second="other:dense_weight=0.0,top=3")
    ask(library)
    assert [one.questions for one in interleaving.results(library)] == [1, 1]


@pytest.mark.parametrize(
    ("wrong", "why"),
    [({"ab_second": "nobody"}, "no pipeline 'nobody'"), ({"ab_second": "none"}, "the same")],
)
def test_a_wrong_comparison_keeps_no_question_from_its_answer(library: Library, wrong, why):
    library.settings = library.settings.updated(**wrong)
    assert why in interleaving.problem(library.settings)
    assert StageName.INTERLEAVED not in names(ask(library).trace)


def test_a_conversation_that_is_deleted_takes_its_part_away(library: Library):
    turn = ask(library)
    conversing.opened(library, turn, turn.trace.answer.citations[0].chunk_id)
    library.conversations.remove(turn.conversation)
    assert interleaving.results(library) == []


def test_a_threshold_of_a_pipeline_holds_for_its_own_ranking_only(library: Library, tmp_path: Path):
    library.settings = library.settings.updated(ab_second="strict:threshold=1000000")
    trace = ask(library).trace
    assert set(str(trace.stages[-1].details["teams"])) == {"-"}, "nothing competed"
    assert trace.evidence
