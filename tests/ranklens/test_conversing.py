"""A conversation: its versions, verdicts and export, over the fake library."""

import pytest

from ranklens import asking, conversing
from ranklens.asking import PendingQuestion
from tests.ui.fakes import FakeLibrary, answered

Q = "How should batteries be kept?"


@pytest.fixture
def library():
    return FakeLibrary()


def test_a_thumb_up_suggests_the_cited_passages_until_it_is_taken_back(library):
    turn = answered(library, asking.ask(library, PendingQuestion(Q)))
    conversing.rate(library, turn.id, True)
    cited = {citation.chunk_id for citation in turn.trace.answer.citations}
    assert len(library.judgements.all()) == len(cited)
    conversing.rate(library, turn.id, None)
    assert library.judgements.all() == []


def test_a_conversation_is_exported_with_its_sources(library):
    answered(library, asking.ask(library, PendingQuestion(Q)))
    (chat,) = library.conversations.all()
    text = conversing.as_markdown(library, chat)
    assert text.startswith(f"# {Q}")
    assert "Sources:" in text


def test_another_ranking_is_a_version_and_the_first_one_stays(library):
    first = answered(library, asking.ask(library, PendingQuestion(Q)))
    second = answered(library, asking.ask(library, PendingQuestion(Q, first), reranker="none"))
    assert conversing.versions(library, second) == [first.id, second.id]
    assert conversing.turn(library, first.id) == first
    shown = library.conversations.turns(first.conversation)
    assert [turn.id for turn in shown] == [second.id]
    assert conversing.with_version(library, shown, first.id) == [first]
    library.conversations.show(first)
    assert library.conversations.turns(first.conversation) == [first]
    assert conversing.versions(library, first) == [first.id, second.id]


def test_an_edited_question_is_no_version(library):
    first = answered(library, asking.ask(library, PendingQuestion(Q)))
    edited = PendingQuestion("What cuts it?", first, rest=True)
    second = answered(library, asking.ask(library, edited))
    assert conversing.versions(library, second) == [second.id]
    shown = library.conversations.turns(first.conversation)
    assert conversing.with_version(library, shown, first.id) == shown
