"""Judge a passage and see the figures move: both pages over a library with real rankings."""

from pathlib import Path

import pytest

from tests.browser.conftest import serving

CONTRAST = Path(__file__).with_name("contrast.js").read_text("utf-8")
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
QUESTIONS = ["How are batteries kept?", "What does the warranty cover?", "How is a lens cleaned?",
             "When are seals replaced?"]  # fmt: skip


@pytest.fixture
def address():
    with serving("tests.browser.fake_server") as address:
        yield address


def settled(page):
    page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')")
    page.wait_for_timeout(400)


def write(page, questions=QUESTIONS):
    page.get_by_text("Questions, one a line").wait_for()
    page.get_by_label("Set", exact=True).fill("field <i>")
    page.get_by_label("Questions, one a line").fill("\n".join(questions))
    page.get_by_role("button", name="Keep").click()
    page.locator(".st-key-questions_report_box").wait_for()


def grade(page, key):
    """Press a key and wait for the next passage."""
    shown = page.locator("[data-judging]").get_attribute("data-judging")
    page.keyboard.press(key)
    page.wait_for_function(
        "shown => document.querySelector('[data-judging]')?.dataset.judging !== shown", arg=shown
    )
    page.get_by_text("all stored").wait_for()


def verdict(page):
    return page.locator(".rl-verdict").first.inner_text()


def test_judging_moves_the_figures(address, visit, shot):
    page = visit(f"{address}/judge")
    write(page)
    page.get_by_text("Grade passages").click()
    for number in range(4):
        page.locator("[data-judging]").wait_for()
        grade(page, "0")
        grade(page, "3")
        if number < 3:
            page.locator(".rl-deck [data-do=after]").click()
            page.get_by_text(f"Question {number + 2} of 4").wait_for()
    shot(page, "judged")

    page.get_by_role("link", name="Measure").click()
    page.get_by_text("4 of 4 questions can be measured").wait_for()
    page.get_by_test_id("stMain").get_by_role("button", name="Measure").click()
    page.locator(".rl-verdict").wait_for()
    settled(page)
    before = page.locator(".rl-table").first.inner_text()
    shot(page, "measured")

    page.get_by_role("link", name="Judge").click()
    page.locator("[data-judging]").wait_for()
    for _ in range(3):
        grade(page, "3")
    page.get_by_role("link", name="Measure").click()
    page.locator(".rl-verdict").wait_for()
    settled(page)
    assert page.locator(".rl-table").first.inner_text() != before

    with page.expect_download() as download:
        page.get_by_role("button", name="Report").click()
    report = Path(download.value.path()).read_text("utf-8")
    assert "field &lt;i&gt;" in report
    assert "http" not in report.split("</style>")[1]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [1280, 800])
def test_both_pages_are_legible_and_fit(address, visit, shot, width, dark):
    theme = f"{width}-{'dark' if dark else 'light'}"
    page = visit(f"{address}/judge", width, dark=dark)
    write(page)

    def look(name):
        settled(page)
        assert page.evaluate(CONTRAST) == [], name
        assert not page.evaluate(WIDER), name
        shot(page, f"{name}-{theme}")

    look("questions")
    page.get_by_text("Grade passages").click()
    page.locator("[data-judging]").wait_for()
    for key in "3012":
        grade(page, key)
    look("judge")
    page.get_by_text("Judgements", exact=True).click()
    page.get_by_text("TREC qrels", exact=True).first.wait_for()
    look("judgements")
    page.get_by_role("link", name="Measure").click()
    page.get_by_test_id("stMain").get_by_role("button", name="Measure").click()
    page.locator(".rl-verdict").wait_for()
    look("measure")
    page.locator(".rl-changed").first.scroll_into_view_if_needed()
    look("measure-below")
