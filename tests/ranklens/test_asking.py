"""Questions of a conversation, over the fake library."""

import threading
import time
from dataclasses import replace

import pytest

from rag.errors import FilterError, SettingsError
from ranklens import asking, choices, conversing
from ranklens.asking import PendingQuestion
from ranklens.choices import Filter
from tests.ui.fakes import FakeDocument, FakeLibrary, FakePipeline, answered

Q = "How should batteries be kept?"


@pytest.fixture
def library():
    return FakeLibrary()


def test_a_question_begins_a_conversation_and_its_answer_is_kept(library):
    turn = asking.ask(library, PendingQuestion(Q))
    assert turn.trace.answer is None
    assert conversing.writing(library, turn) is not None
    done = answered(library, turn)
    assert done.trace.answer.text
    assert conversing.writing(library, done) is None
    assert library.writings == {}
    (chat,) = library.conversations.all()
    assert chat.title == Q


def test_a_follow_up_is_added_and_a_replaced_turn_leaves(library):
    first = answered(library, asking.ask(library, PendingQuestion(Q)))
    second = asking.ask(library, PendingQuestion("And cold?"), [first], first.conversation)
    answered(library, second)
    assert second.trace.question == "And cold? (batteries kept)"
    changed = PendingQuestion("What cuts it?", replace(first), rest=True)
    answered(library, asking.ask(library, changed))
    kept = library.conversations.turns(first.conversation)
    assert [turn.question for turn in kept] == ["What cuts it?"]


def test_options_and_documents_shape_the_search(library):
    within = Filter(types=("pdf",))
    turn = asking.ask(library, PendingQuestion(Q), within=within, top=2)
    assert turn.trace.settings["top"] == 2
    assert choices.filter_of(turn.trace) == within.inside("default")
    named = asking.ask(library, PendingQuestion(f"{Q} @maintenance"), within=within)
    assert choices.filter_of(named.trace) == Filter(("maintenance.md",), collection="default")


@pytest.mark.parametrize("name", ["llm_base_url", "prompts", "trust_remote_code", "encoder"])
def test_a_page_cannot_set_what_a_visitor_may_not(library, name):
    with pytest.raises(SettingsError, match=f"option {name} cannot be set here"):
        asking.ask(library, PendingQuestion(Q), **{name: "elsewhere"})
    with pytest.raises(SettingsError, match="a model in a folder"):
        asking.ask(library, PendingQuestion(Q), reranker="cross-encoder:/etc")
    assert library.conversations.all() == []


def test_a_question_that_cannot_be_searched_leaves_nothing(library):
    with pytest.raises(FilterError):
        asking.ask(library, PendingQuestion(f"{Q} @nothing-of-the-kind"))
    assert library.conversations.all() == []
    assert library.writings == {}


def test_every_answer_is_in_the_log(library):
    answered(library, asking.ask(library, PendingQuestion(Q)))
    deadline = time.monotonic() + 5  # the log is written a moment after the answer is kept
    while not library.question_log.entries() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert [entry.question for entry in library.question_log.entries()] == [Q]


def test_documents_are_quoted_instead_of_a_model_that_fails(library, monkeypatch):
    writers = []
    answer = FakePipeline.answer

    def noted(self, trace):
        writers.append(self.settings.llm_model)
        return answer(self, trace)

    monkeypatch.setattr(FakePipeline, "answer", noted)
    model = {"llm_model": "gone"}
    turn = answered(library, asking.ask(library, PendingQuestion(Q), model=model))
    asking.ask(library, PendingQuestion(Q, turn, quoted=True), model=model)
    assert writers == ["gone", ""]


def test_a_search_is_stopped_and_leaves_nothing(library, monkeypatch):
    entered, leave = threading.Event(), threading.Event()
    search = FakePipeline.search

    def slow(self, question):
        entered.set()
        leave.wait(5)
        return search(self, question)

    monkeypatch.setattr(FakePipeline, "search", slow)
    asked = asking.Asking(library, PendingQuestion(Q))
    assert entered.wait(5)
    assert not asked.wait(0)
    asked.stop()
    leave.set()
    assert asked.wait(5)
    assert asked.turn is None
    assert "stopped" in str(asked.problem)
    assert library.conversations.all() == []


def test_a_question_waits_until_its_document_is_indexed(library):
    library.held.append(document := FakeDocument("new.md", "queued"))
    asked = asking.Asking(library, PendingQuestion(Q, after=("new.md",)))
    assert not asked.wait(0.1)
    assert asked.stage == "Indexing new.md…"
    document.status = "ready"
    assert asked.wait(5)
    assert asked.turn


def test_an_unexpected_fault_of_a_search_is_a_problem_in_words(library, monkeypatch):
    monkeypatch.setattr(FakePipeline, "search", lambda *_: 1 / 0)
    asked = asking.Asking(library, PendingQuestion(Q))
    assert asked.wait(5)
    assert "server log" in str(asked.problem)
