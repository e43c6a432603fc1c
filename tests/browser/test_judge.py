"""Grading: fast on the Judge page, by key on the focused passage, and in the passage's drawer."""

import csv
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.conftest import WIDER, serving
from tests.browser.test_looks import ask
from tests.browser.test_measure import settled
from tests.ui.fakes import ALL

PLACES = {(c.document, str(c.start), str(c.end)): c.id for c in ALL}
NEXT_IS_THERE = "() => window.ranklensDeck?.data?.questions.length > 1"
# Scripts of components run only after `loadScripts()`, as on a slow machine.
SLOW_SCRIPTS = """(() => {
  window.scriptsMayRun = new Promise((resolve) => (window.loadScripts = resolve));
  const Whole = Blob;
  window.Blob = class extends Whole {
    constructor(parts, options) {
      const script = options?.type === "text/javascript";
      super(script ? ["await window.scriptsMayRun;\\n", ...parts] : parts, options);
    }
  };
})()"""

COUNT_PUSHED = """() => {
  const { grades } = window.ranklensQueues, { push } = grades;
  window.pushed = 0;
  grades.push = (what) => (window.pushed++, push(what));
}"""


@pytest.fixture
def address():
    with serving("tests.browser.fake_server") as address:
        yield address


@pytest.fixture(scope="module")
def judging():
    with serving("tests.browser.fake_server", QUESTIONS="4") as address:
        yield f"{address}/judge?set=field"


def card(page):
    return page.locator("[data-judging]").get_attribute("data-judging")


def all_stored(page):
    expect(page.locator(".rl-deck [data-is=progress]")).to_contain_text("all stored")


def stored(page):
    """Return (judge, question, passage) → (grade, note) of the file that the page exports."""
    page.get_by_text("Judgements", exact=True).first.click()
    with page.expect_download() as download:
        page.locator(".st-key-judgements_csv button").click()
    rows = csv.DictReader(Path(download.value.path()).read_text("utf-8").splitlines())
    return {
        (r["judge"], r["question"], PLACES[r["document"], r["start"], r["end"]]): (
            int(r["grade"]),
            r["note"],
        )
        for r in rows
    }


def test_grades_typed_fast_are_all_stored_and_no_button_moves(judging, visit):
    """Twelve grades, of the ten passages of one question and the first two of the next."""
    judge = "fast"
    page = visit(f"{judging}&judge={judge}")
    page.wait_for_function(NEXT_IS_THERE)
    typed, places, marked = {}, set(), 0
    for n in range(12):
        question = page.locator(".rl-deck .rl-question").inner_text()
        marked += page.locator(".rl-deck mark").count()
        typed[judge, question, card(page)] = (n * 7 % 4, "")
        places.add(str(page.locator(".rl-deck .grades").bounding_box()))
        page.keyboard.press(str(n * 7 % 4))
        page.wait_for_timeout(40)
    assert len(typed) == 12
    assert len(places) == 1
    assert marked  # words of the question
    all_stored(page)
    found = stored(page)
    assert {key: grade for key, grade in found.items() if key[0] == judge} == typed


def test_nothing_can_be_graded_before_the_script_of_a_slow_page_runs_and_then_keys_work(
    judging, visit
):
    page = visit("about:blank")
    page.add_init_script(SLOW_SCRIPTS)
    page.goto(f"{judging}&judge=slow")
    page.locator(".rl-deck").wait_for()
    expect(page.locator("[data-judging]")).to_be_hidden()
    expect(page.locator(".rl-deck button:enabled")).to_have_count(0)
    # Other data come before the script runs: it is called twice, and the first call cleaned up.
    page.get_by_label("Judge", exact=True).fill("slower")
    page.keyboard.press("Tab")
    page.wait_for_url("**judge=slower**")
    page.evaluate("loadScripts()")
    page.locator("[data-judging]").wait_for()
    page.keyboard.press("3")
    expect(page.locator(".rl-deck [data-is=progress]")).to_contain_text("1 of 10 passages")


def test_a_long_path_of_headings_makes_nothing_wider_than_a_telephone(judging, visit):
    page = visit(f"{judging}&judge=narrow", width=390)
    page.wait_for_function(NEXT_IS_THERE)
    page.locator(".rl-deck .from span").evaluate("e => e.textContent = ' › Notes'.repeat(60)")
    outside = """deck => [...deck.children].filter(
        e => e.getBoundingClientRect().right > deck.getBoundingClientRect().right + 1).length"""
    assert page.locator(".rl-deck").evaluate(outside) == 0


def test_grades_that_wait_survive_a_reload(judging, visit):
    page = visit(f"{judging}&judge=reloader")
    page.wait_for_function(NEXT_IS_THERE)
    for key in "321":
        page.keyboard.press(key)
    page.reload()
    expect(page.locator(".rl-deck [data-is=progress]")).to_contain_text("3 of 10 passages")
    all_stored(page)
    assert sorted(g for (judge, *_), (g, _) in stored(page).items() if judge == "reloader") == [
        1, 2, 3
    ]  # fmt: skip


def test_grades_that_wait_are_stored_from_another_page(judging, visit):
    page = visit(f"{judging}&judge=leaver")
    page.wait_for_function(NEXT_IS_THERE)
    for key in "321":
        page.keyboard.press(key)
    question, passage = page.locator(".rl-deck .rl-question").inner_text(), card(page)
    page.get_by_role("link", name="Models").click()
    page.wait_for_function("() => !window.ranklensQueues.grades.waiting.length")
    page.evaluate(
        """key => {
        const queue = window.ranklensQueues.grades;
        queue.leave(queue.report);  // as a page that is left while a message is under way
        queue.push(key);
        }""",
        {"question": question, "passage": passage, "grade": 0, "judge": "leaver"},
    )
    page.wait_for_function("() => !window.ranklensQueues.grades.waiting.length")
    page.goto(judging)
    grades = [g for (judge, *_), (g, _) in stored(page).items() if judge == "leaver"]
    assert sorted(grades) == [0, 1, 2, 3]


def test_a_judge_skips_undoes_explains_and_goes_on_to_what_is_not_judged(judging, visit, shot):
    page = visit(f"{judging}&judge=ada")
    page.wait_for_function(NEXT_IS_THERE)
    question, place = page.locator(".rl-deck .rl-question"), page.locator("[data-is=place]")
    expect(place).to_have_text("Question 1 of 4")
    first = card(page)
    page.keyboard.press("s")
    second = card(page)
    assert second != first
    page.keyboard.press("e")
    page.keyboard.type("says 1 or 2 things")
    page.keyboard.press("Enter")
    page.keyboard.press("2")
    third = card(page)
    page.keyboard.press("0")
    page.keyboard.press("u")
    assert card(page) == third
    expect(page.locator(".rl-deck [data-is=progress]")).to_contain_text("1 skipped")
    all_stored(page)
    page.keyboard.press("n")
    expect(place).to_have_text("Question 2 of 4")
    asked = question.inner_text()
    page.wait_for_url("**question=2**")  # the address follows what is stored
    page.get_by_role("button", name="Next", exact=True).click()
    expect(place).to_have_text("Question 3 of 4")
    page.wait_for_url("**question=3**")
    page.go_back()
    expect(place).to_have_text("Question 2 of 4")
    expect(question).to_have_text(asked)
    page.reload()
    expect(place).to_have_text("Question 2 of 4")
    page.locator(".rl-guide summary").click()
    expect(page.locator(".rl-guide dd")).to_have_count(4)
    shot(page, "judge-deck")
    mine = {key: value for key, value in stored(page).items() if key[0] == "ada"}
    assert list(mine.values()) == [(2, "says 1 or 2 things")]
    assert next(iter(mine))[2] == second


def test_a_zero_against_an_imported_three_is_listed(judging, visit, tmp_path):
    page = visit(f"{judging}&judge=eve&question=4")
    page.wait_for_function("() => window.ranklensDeck?.data?.questions.length")
    chunk = next(c for c in ALL if c.id == card(page))
    page.keyboard.press("0")
    all_stored(page)
    question = page.locator(".rl-deck .rl-question").inner_text()
    file = tmp_path / "theirs.csv"
    file.write_text(
        f"question,document,grade,start,end\n{question},{chunk.document},3,{chunk.start},"
        f"{chunk.end}\n", "utf-8"
    )  # fmt: skip
    page.get_by_text("Judgements", exact=True).first.click()
    page.locator("input[type=file]").set_input_files(file)
    expect(page.locator(".st-key-judgements_report_box")).to_contain_text("1 judgement imported")
    row = page.locator(".rl-table tr", has_text=question).first
    expect(row).to_contain_text("0 eve")
    expect(row).to_contain_text("3 import")


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_page_fits_and_is_accessible(judging, visit, shot, dark):
    page = visit(judging, dark=dark)
    theme = "dark" if dark else "light"
    for view in ("Grade passages", "Questions", "Proposals", "Judgements"):
        page.get_by_text(view, exact=True).first.click()
        settled(page)
        assert violations(page) == [], view
        for width in (390, 800, 1280, 1920):
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_function(f"() => !({WIDER})()")  # tables are drawn anew
            shot(page, f"judge-{view.split()[0].lower()}-{width}-{theme}")


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
    settled(page)
    assert badge(page, ".rl-table .rl-open") == '"2"'
    page.evaluate(COUNT_PUSHED)
    opener.focus()
    page.keyboard.press("2")
    settled(page)
    assert page.evaluate("pushed") == 1  # the component was called once more since the first key
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


def test_the_most_useful_judgement_is_graded_by_key(judging, visit):
    page = visit(f"{judging}&judge=useful&view=Most useful next")
    page.get_by_role("button", name="Rank the questions").click()
    shown = page.locator("[data-useful]")
    expect(shown).to_be_visible(timeout=30_000)
    first = shown.get_attribute("data-useful"), shown.locator("h2").inner_text()
    assert violations(page) == []
    page.keyboard.press("3")
    page.wait_for_function(
        "first => { const one = document.querySelector('[data-useful]');"
        " return one && (one.dataset.useful !== first[0]"
        " || one.querySelector('h2').innerText !== first[1]); }",
        arg=list(first),
    )
    expect(page.get_by_text("passages are left whose grade could move this")).to_be_visible()
