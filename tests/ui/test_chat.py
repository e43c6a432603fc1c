"""Conversations on the Ask page, over the fake library."""

import gc
from dataclasses import replace
from itertools import pairwise

import pytest
from sqlalchemy.exc import OperationalError

from rag.chat.store import Conversations
from rag.errors import StorageError
from rag.types import Answer
from ranklens.asking import PendingQuestion
from tests.ui.test_ask import ask, html
from ui.shared import state as ui_state


@pytest.fixture
def kept(library):
    return Conversations(library.index.catalogue.engine)


def press(at, label, which=-1):
    return [button for button in at.button if button.label == label][which].click().run()


def questions(kept):
    (chat,) = kept.all()
    return [turn.question for turn in kept.turns(chat.id)]


def test_a_follow_up_belongs_to_the_conversation_and_says_as_what_it_was_searched(page, kept):
    at = ask(ask(page()), "And what about their warranty?")
    assert questions(kept) == ["How should batteries be kept?", "And what about their warranty?"]
    assert "Searched as <b>And what about their warranty? (batteries kept)</b>" in html(at)
    assert "by a rule" in html(at)
    assert html(at).count('data-complete="true"') == 2
    assert not at.exception


def test_a_new_conversation_is_empty_and_the_old_one_can_be_opened(page, kept):
    at = press(ask(page()), "New conversation")
    assert "Ask your documents" in html(at)
    at = ask(at, "What is covered?")
    assert [c.turns for c in kept.all()] == [1, 1]
    at = press(at, "How should batteries be kept?")
    assert 'rl-question">How should batteries be kept?' in html(at)
    assert 'rl-question">What is covered?' not in html(at)


def test_another_session_opens_it_by_its_address(page, kept):
    ask(page())
    (chat,) = kept.all()
    at = page(chat=chat.id)
    assert 'data-complete="true"' in html(at)
    assert "Ask your documents" in html(page(chat="gone"))


def test_another_option_asks_the_selected_question_again_in_its_place(page, kept):
    at = ask(ask(page()), "What is covered?")
    at = press(at, "Evidence")
    at.slider(key="top").set_value(2).run()
    assert questions(kept) == ["How should batteries be kept?", "What is covered?"]
    (chat,) = kept.all()
    assert [turn.trace.settings["top"] for turn in kept.turns(chat.id)] == [2, 5]


def test_reopening_with_other_options_changes_no_answer(page, kept, library):
    at = ask(page())
    at.slider(key="top").set_value(2).run()
    (chat,) = kept.all()
    before = kept.turns(chat.id)
    page(chat=chat.id)
    assert kept.turns(chat.id) == before


def test_an_edited_question_takes_the_later_ones_away(page, kept):
    at = ask(ask(page()), "What is covered?")
    at = press(at, "Edit", 0)
    at.text_area[0].input("How are batteries charged?")
    at = press(at, "Ask")
    assert questions(kept) == ["How are batteries charged?"]
    assert "What is covered?" not in html(at)


def test_asking_again_replaces_one_answer(page, kept, library):
    press(ask(page()), "Ask again")
    assert questions(kept) == ["How should batteries be kept?"]
    assert len(library.pipeline.searched) == 2


def test_feedback_is_kept(page, kept):
    at = ask(page())
    at.feedback[0].set_value(1).run()
    assert [turn.liked for turn in kept.judged()] == [True]


def test_renaming_and_deleting(page, kept):
    at = ask(page())
    (chat,) = kept.all()
    at.text_input(key=f"title_{chat.id}").input("Batteries").run()
    assert kept.get(chat.id).title == "Batteries"
    at = press(at, "Delete…")
    at = press(at, "Delete")
    assert kept.all() == []
    assert "Ask your documents" in html(at)


def test_an_answer_that_was_interrupted_says_so(page, kept):
    ask(page())
    (chat,) = kept.all()
    (turn,) = kept.turns(chat.id)
    kept.complete(turn.id, replace(turn.trace, answer=None))
    assert "interrupted before it was complete" in html(page(chat=chat.id))


def test_a_refusal_shows_the_nearest_passages_and_a_fault_keeps_the_evidence(page, kept):
    ask(page())
    (chat,) = kept.all()
    (turn,) = kept.turns(chat.id)
    told = Answer("The documents do not answer this question.", (), "m", True, 0.1)
    kept.complete(turn.id, turn.trace.with_answer(told))
    assert "Nearest passages" in html(page(chat=chat.id))
    kept.complete(turn.id, turn.trace.with_answer(Answer("", (), "m", False, 0.1, "no <key>")))
    body = html(page(chat=chat.id))
    assert "no &lt;key&gt;" in body
    assert "Passages the answer was given" in body


def test_the_thinking_of_a_model_is_folded_away(page, kept):
    ask(page())
    (chat,) = kept.all()
    (turn,) = kept.turns(chat.id)
    told = Answer("Dry.", (), "m", False, 0.1, thinking="Is it <b>dry</b> [1]?")
    kept.complete(turn.id, turn.trace.with_answer(told))
    body = html(page(chat=chat.id))
    assert "<details" in body
    assert "The model's thinking" in body
    assert "Is it &lt;b&gt;dry&lt;/b&gt; [1]?" in body


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (StorageError("the disk is full"), "the disk is full"),
        (OperationalError("UPDATE", {}, Exception("/srv/secret locked")), "in the server log"),
    ],
)
def test_an_answer_that_cannot_be_saved_is_shown_with_the_reason(
    page, kept, library, monkeypatch, error, reason
):
    complete = Conversations.complete

    def fails(*_):
        raise error

    monkeypatch.setattr(Conversations, "complete", fails)
    at = ask(page())
    (chat,) = kept.all()
    for shown in (html(at), html(page(chat=chat.id))):  # another visit shows it too
        assert "Writing the answer" not in shown
        assert "The answer could not be saved" in shown
        assert reason in shown
        assert "secret" not in shown
        assert 'data-complete="true"' in shown
        assert "There was a problem; what arrived is above" in shown
        assert "passages cited" in shown
    assert kept.turns(chat.id)[0].trace.answer is None
    monkeypatch.setattr(Conversations, "complete", complete)
    at = press(at, "Ask again")
    assert "could not be saved" not in html(at)
    assert kept.turns(chat.id)[0].trace.answer.text
    assert library.writings == {}


def test_a_session_keeps_no_turn_after_its_page(page, monkeypatch):
    monkeypatch.setattr(ui_state, "spare", lambda _name: None)  # it would hide them here
    at = press(ask(page()), "Ask again")
    at.run()
    gc.collect()
    assert [one for one in gc.get_objects() if isinstance(one, PendingQuestion)] == []


def test_conversations_leave_no_buttons_behind(page, library, monkeypatch):
    monkeypatch.setattr(ui_state, "spare", lambda _name: None)

    def buttons() -> int:
        """The buttons that sessions remember, shown or not."""
        gc.collect()
        return sum(type(one).__name__ == "ButtonSerde" for one in gc.get_objects())

    at = page()
    counts = []
    for _ in range(4):
        at = press(ask(at), "New conversation")
        counts.append(buttons())
    more = [after - before for before, after in pairwise(counts)]
    assert max(more) <= 2, counts  # one in the list of conversations, shown and not


def test_controls_show_what_the_visible_answer_was_ranked_by(page, kept):
    at = ask(page())
    at.selectbox(key="reranker").select("none").run()
    assert "version 2 of 2" in html(at)
    at = press(at, "Older")
    assert at.selectbox(key="reranker").value == "auto"
    assert "version 1 of 2" in html(at)
    (chat,) = kept.all()
    (turn,) = kept.turns(chat.id)
    assert turn.trace.settings["reranker"] == "auto"
    at = page(chat=chat.id)  # another session opens what was left
    assert at.selectbox(key="reranker").value == "auto"
    at = press(at, "Newer")
    assert at.selectbox(key="reranker").value == "none"
    assert len(kept.versions(turn)) == 2
    assert not at.exception


def test_two_versions_are_compared(page, kept):
    at = ask(page())
    at.selectbox(key="reranker").select("none").run()
    at = press(at, "Compare")
    shown = html(at)
    assert "only here" in shown
    assert [at.selectbox(key=f"compared_{side}").value for side in ("left", "right")] == [1, 2]
    assert not at.exception


def test_the_address_names_what_is_shown_and_is_obeyed(page, kept, went):
    at = ask(ask(page()), "What is covered?")
    (chat,) = kept.all()
    first, second = kept.turns(chat.id)
    assert dict(at.query_params) == {"chat": chat.id, "turn": str(second.id)}
    at.query_params["turn"] = str(first.id)
    went(at)
    assert at.session_state["selected"] == first.id
    at.query_params.clear()
    went(at)
    assert "Ask your documents" in html(at)
    at.query_params["chat"] = chat.id
    went(at)
    assert 'rl-question">What is covered?' in html(at)
    at.query_params["within"] = "maintenance.md"
    del at.query_params["chat"], at.query_params["turn"]
    went(at)
    assert "Ask your documents" in html(at)
    assert at.multiselect(key="within_names").value == ["maintenance.md"]


def test_an_address_that_was_sent_before_the_last_one_arrived_is_not_obeyed(page, kept, went):
    at = ask(ask(page()), "What is covered?")
    (chat,) = kept.all()
    first, _second = kept.turns(chat.id)
    at.query_params["turn"] = str(first.id)  # what the browser sent with a click
    at.run()
    assert at.session_state["selected"] != first.id
    press(at, "New conversation")
    at.query_params["chat"] = chat.id  # and with the next question
    at = ask(at, "What is insured?")
    assert len(kept.all()) == 2
    assert 'rl-question">What is insured?' in html(at)
    at.query_params["chat"] = chat.id
    went(at)
    assert 'rl-question">What is covered?' in html(at)


def test_a_link_to_another_version_changes_nothing_that_is_stored(page, kept, went):
    at = ask(page())
    at.selectbox(key="reranker").select("none").run()
    (chat,) = kept.all()
    (shown,) = kept.turns(chat.id)
    older = kept.versions(shown)[0]
    at = page()
    at.query_params["chat"], at.query_params["turn"] = chat.id, str(older)
    went(at)
    assert "version 1 of 2" in html(at)
    assert kept.turns(chat.id) == [shown]


def test_a_passage_in_the_address_is_open(page, kept, went):
    at = ask(page())
    (chat,) = kept.all()
    (turn,) = kept.turns(chat.id)
    at = page()
    passage = turn.trace.evidence[0].chunk.id
    at.query_params.update(chat=chat.id, turn=str(turn.id), passage=passage)
    went(at)
    assert "rl-where" in html(at)
    assert not at.exception


def test_a_model_that_fails_offers_to_quote_instead(page, kept, library):
    ask(page())
    (chat,) = kept.all()
    (turn,) = kept.turns(chat.id)
    failed = Answer("", (), "openai:m", False, 0.1, "127.0.0.1:9 cannot be reached")
    kept.complete(turn.id, turn.trace.with_answer(failed))
    press(page(chat=chat.id), "Quote the documents instead")
    (now,) = kept.turns(chat.id)
    assert now.trace.answer.text
    assert len(kept.versions(now)) == 2


def test_a_thumb_down_has_a_reason(page, kept):
    at = ask(page())
    at.feedback[0].set_value(0).run()
    (turn,) = kept.judged()
    at.selectbox(key=f"why_{turn.id}").select("It is wrong").run()
    assert kept.judged()[0].why == "It is wrong"
    at.feedback[0].set_value(1).run()
    assert (kept.judged()[0].liked, kept.judged()[0].why) == (True, "")


def test_conversations_are_searched_pinned_and_have_no_limit(page, kept, library):
    at = ask(page())
    (chat,) = kept.all()
    turn = kept.turns(chat.id)[0]
    for number in range(55):
        kept.add(kept.start(f"Number {number}"), f"Number {number}", turn.trace)
    at = page()
    assert any(button.label == "6 more" for button in at.button)
    at = press(at, "6 more")
    labels = [button.label for button in at.button]
    assert "Number 0" in labels
    at.text_input(key="chat_words").input("number 54").run()
    assert [one for one in (b.label for b in at.button) if one.startswith("Number")] == [
        "Number 54"
    ]
    at = press(page(chat=chat.id), "Pin to the top")
    assert kept.all()[0].id == chat.id
    assert "Pinned" in html(at)


def test_files_that_are_sent_with_a_question_are_added(page, kept, library, monkeypatch):
    at = page()
    box = at.chat_input(key="question")
    box.upload("new.md", b"# New")
    at.run()
    assert ("enqueue", "new.md", "") in library.calls
    assert kept.all() == []
    assert not at.exception


def test_a_table_of_a_model_is_a_table(page, kept):
    ask(page())
    (chat,) = kept.all()
    (turn,) = kept.turns(chat.id)
    text = "Years:\n| Year | Sales |\n|---|---:|\n| 2023 | **5** [1] |\n| <b> | a \\| b |"
    kept.complete(turn.id, turn.trace.with_answer(Answer(text, (), "m", False, 0.1)))
    body = html(page(chat=chat.id))
    assert "<th>Year</th><th>Sales</th>" in body
    assert "<td>2023</td><td><strong>5</strong> [1]</td>" in body
    assert "<td>&lt;b&gt;</td>" in body
