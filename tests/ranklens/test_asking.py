"""Questions of a conversation, over the fake library."""

import threading
import time
from dataclasses import replace

import pytest

from rag.errors import FilterError, SettingsError
from rag.settings import Settings
from ranklens import asking, choices, conversing
from ranklens.asking import PendingQuestion
from ranklens.choices import Filter
from tests.ui.fakes import FakeDocument, FakeLibrary, FakePipeline, trace_of

Q = "How should batteries be kept?"


@pytest.fixture
def library():
    return FakeLibrary()


def answered(library, turn):
    """The turn once its answer is written."""
    for _ in library.writings[turn.id].follow():
        pass
    return library.conversations.turn(turn.id)


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


def test_a_thumb_up_suggests_the_cited_passages_until_it_is_taken_back(library):
    turn = answered(library, asking.ask(library, PendingQuestion(Q)))
    conversing.rate(library, turn.id, True)
    cited = {citation.chunk_id for citation in turn.trace.answer.citations}
    assert len(library.judgements.all()) == len(cited)
    conversing.rate(library, turn.id, None)
    assert library.judgements.all() == []


def test_only_ready_documents_can_be_asked(library):
    library.held[0] = FakeDocument(library.held[0].name, status="indexing")
    ready = choices.ready(library)
    assert len(ready) == 2
    assert choices.document_types(ready) == ["html", "md"]


def test_expansion_by_a_model_is_offered_only_with_a_model():
    plain = choices.expansions(Settings(expansion="hyde"))
    assert (plain.known, plain.chosen) == (("feedback", "hyde"), ("hyde",))
    assert len(choices.expansions(Settings(llm_model="m")).known) == 5


def test_a_conversation_is_exported_with_its_sources(library):
    answered(library, asking.ask(library, PendingQuestion(Q)))
    (chat,) = library.conversations.all()
    text = conversing.as_markdown(library, chat)
    assert text.startswith(f"# {Q}")
    assert "Sources:" in text


def test_a_trace_without_a_filter_was_asked_of_everything():
    assert not choices.filter_of(trace_of(Q))


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
