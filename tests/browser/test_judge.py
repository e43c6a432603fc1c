"""Grading beside an answer: by key on the focused passage, and in the passage's drawer."""

import pytest

from tests.browser.conftest import serving
from tests.browser.test_looks import ask


@pytest.fixture
def address():
    with serving("tests.browser.fake_server") as address:
        yield address


def badge(page, place):
    return page.locator(place).first.evaluate(
        "e => getComputedStyle(e.querySelector('.name'), '::after').content"
    )


def test_a_key_grades_the_focused_passage_and_the_drawer_shows_it(address, visit, shot):
    page = visit(address)
    ask(page)
    opener = page.locator(".rl-table .rl-open").first
    opener.focus()
    page.keyboard.press("2")
    page.get_by_text("Grade 2 kept for me").wait_for()
    page.wait_for_timeout(500)
    assert badge(page, ".rl-table .rl-open") == '"2"'
    shot(page, "graded-in-place")
    page.keyboard.press("Enter")
    drawer = page.locator("[role=dialog]")
    drawer.get_by_text("me: 2").wait_for()
    page.keyboard.press("3")
    drawer.get_by_text("me: 3").wait_for()
    shot(page, "graded-in-drawer")
    note = drawer.get_by_placeholder("Why this grade (optional)")
    note.fill("1 of 2 questions")
    note.press("Enter")
    drawer.get_by_text("me: 3 – 1 of 2 questions").wait_for()
    page.keyboard.press("Escape")
    drawer.wait_for(state="detached")


def test_typing_digits_in_a_box_grades_nothing(address, visit):
    page = visit(address)
    ask(page)
    page.get_by_placeholder("Ask a follow-up").last.fill("")
    page.get_by_placeholder("Ask a follow-up").last.press_sequentially("0123")
    page.wait_for_timeout(700)
    assert page.get_by_text("kept for").count() == 0
