"""Grading beside an answer: by key on the focused passage, and in the passage's drawer."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import serving
from tests.browser.test_looks import ask
from tests.browser.test_measure import settled


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


def test_a_thumb_up_is_confirmed_with_one_click(address, visit, shot):
    page = visit(address)
    ask(page)
    page.get_by_role("radio", name="Thumbs up").click()
    expect(page.get_by_role("radio", name="Thumbs up")).to_be_checked()
    page.get_by_role("link", name="Judge").click()
    page.get_by_text("Proposals", exact=True).first.click()
    page.get_by_text("2 to confirm").wait_for()
    shot(page, "proposals")
    page.get_by_role("button", name="3 Answers it").first.click()
    page.get_by_text("1 to confirm").wait_for()
    page.get_by_text("Judgements", exact=True).first.click()
    judges = page.get_by_test_id("stDataFrame").first
    # A data frame is a canvas; what it shows is in the table within it, for screen readers.
    for name in ("person", "me", "feedback", "readers"):
        expect(judges.locator("td", has_text=name).first).to_be_attached()


FORMS = {
    "rows.csv": "question,document,quote\nWhy warm?,field-guide,Warm them in a jacket pocket\n",
    "lines.jsonl": '{"id": "a", "text": "Why lines?"}\n',
    "topics.txt": "<top><num> Number: 7 <title> Why topics?</top>\n",
}


def test_question_sets_come_in_from_every_form_and_bad_rows_are_named(address, visit, tmp_path):
    page = visit(f"{address}/judge")
    report = page.locator(".st-key-questions_report_box")

    def upload(**files):
        paths = []
        for name, text in files.items():
            paths.append(tmp_path / name)
            paths[-1].write_text(text)
        settled(page)  # the box for files is another one after each of them
        page.locator("input[type=file]").first.set_input_files(paths)

    for name, text in FORMS.items():
        upload(**{name: text})
        expect(report).to_contain_text(f"{name.split('.')[0]}: 1 question", timeout=30_000)
    upload(**{"rows.csv": FORMS["rows.csv"] + ",field-guide,x\n"})
    expect(report).to_contain_text("line 3: no question", timeout=30_000)
    upload(**{"queries.jsonl": '{"_id": "1", "text": "Why?"}\n', "test.tsv": "1\tgone\t1\n"})
    expect(report).to_contain_text("its document is not in the library (gone)", timeout=30_000)
    upload(**{"queries.jsonl": '{"_id": "1", "text": "Why?"}\n', "test.tsv": "1\tmaintenance\t2\n"})
    expect(report).to_contain_text("1 question and 1 judgement imported", timeout=30_000)
