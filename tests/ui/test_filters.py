"""Choosing documents on the Ask page, over the fake library."""

import pytest

from rag.retrieve.filters import Filter
from tests.ui.fakes import HOSTILE, trace_of
from tests.ui.test_ask import ask, html
from ui.ask.turn_view import searched_html


def searched_within(at):
    return at.session_state["options"]["within"]


def test_what_is_chosen_is_asked_within_and_said(page):
    at = page()
    at.multiselect(key="within_names").select("maintenance.md").run()
    at = ask(at)
    assert not at.exception
    assert '<span class="rl-chip">maintenance.md</span>' in html(at)


def test_changing_the_documents_asks_again(page):
    at = ask(page())
    assert 'class="rl-chip"' not in html(at)
    at.multiselect(key="within_types").select("pdf").run()
    assert '<span class="rl-chip">type pdf</span>' in html(at)
    assert searched_within(at) == Filter(types=("pdf",))
    next(b for b in at.button if b.label == "Ask all documents").click().run()
    assert 'class="rl-chip"' not in html(at)


def test_a_name_in_the_question_is_asked_alone(page):
    at = ask(page(), "How should batteries be kept? @field")
    assert '<span class="rl-chip">field-guide.pdf</span>' in html(at)
    at = ask(at, "And in winter?")
    assert html(at).count('class="rl-chip"') == 1  # of the first question only


def test_a_name_that_is_not_there_is_said_with_the_nearest(page):
    at = ask(page(), "What is covered? @waranty")
    assert "No such document" in html(at)
    assert "warranty &amp; returns.html" in html(at)
    assert not at.exception


def test_a_chosen_document_that_was_removed_is_let_go(page, library):
    at = page()
    at.multiselect(key="within_names").select("maintenance.md").run()
    library.held = [d for d in library.held if d.name != "maintenance.md"]
    at.run()
    assert at.multiselect(key="within_names").value == []
    assert not at.exception


@pytest.mark.parametrize("name", [HOSTILE, "<b>"])
def test_names_are_literal(name):
    shown = searched_html(trace_of("q", within=Filter((name,)).as_setting()))
    assert "rl-chip" in shown
    assert "<script" not in shown
    assert "<b>" not in shown
    assert searched_html(trace_of("q")).strip() == ""
