"""Judge a passage and see the figures move: both pages over a library with real rankings."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.conftest import WIDER, serving

CONTRAST = Path(__file__).with_name("contrast.js").read_text("utf-8")
LOOKS = [(1280, True), (390, False)]
# Numbers of the quality-time chart that lie over another number or a dot.
COVERED = """() => {
  const boxes = [...document.querySelectorAll(".rl-plot > :is(.mark, .dot)")].map((one) => [
    one.classList.contains("mark"), one.getBoundingClientRect(), one.className,
  ]);
  const meet = (a, b) =>
    a.left + 1 < b.right && b.left + 1 < a.right && a.top + 1 < b.bottom && b.top + 1 < a.bottom;
  return boxes.flatMap(([mark, box, name], n) =>
    mark ? boxes.filter(([, other], m) => m !== n && meet(box, other)).map(() => name) : []);
}"""
# Buttons of the presenter that lie over each other or over the slide; there is one more if many
# questions changed. Those of its bar are in a component's own tree.
BUTTONS_MEET = """() => {
  const more = document.querySelector(".st-key-presenter_more");
  const another = more.firstElementChild.cloneNode(true);
  another.querySelector("p").textContent = "All 25 that changed";
  more.prepend(another);
  const own = [...document.querySelectorAll(".st-key-presenter *")]
    .flatMap(one => [...(one.shadowRoot?.querySelectorAll(".bar button, .slide") ?? [])]);
  const all = [...more.querySelectorAll("button"), ...own]
    .map(one => [one.innerText.slice(0, 20), one.getBoundingClientRect()]);
  another.remove();
  const meet = (a, b) =>
    a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
  if (all.length < 10) return [`only ${all.length} buttons`];
  return all.flatMap(([name, box], n) =>
    all.slice(n + 1).filter(([, other]) => meet(box, other)).map(([other]) => `${name}, ${other}`));
}"""
# Resolves once all of it has held for a moment: what a run has sent last may not be drawn yet.
SETTLED = """async () => {
  const moves = (one) => one.playState === "running"
    && one.effect?.getComputedTiming().iterations !== Infinity;
  const settled = () => document.querySelector("[data-test-script-state=notRunning]")
    && !document.querySelector("[data-stale=true]") && !document.getAnimations().some(moves);
  for (let since = performance.now(); performance.now() - since < 200;) {
    if (!settled()) since = performance.now();
    await new Promise(requestAnimationFrame);
  }
  return true;
}"""
QUESTIONS = ["How are batteries kept?", "What does the warranty cover?", "How is a lens cleaned?",
             "When are seals replaced?"]  # fmt: skip


@pytest.fixture
def address():
    with serving("tests.browser.fake_server") as address:
        yield address


def settled(page):
    """Wait until the page's run has ended, nothing of an earlier one is left, and nothing moves."""
    page.wait_for_function(SETTLED)


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
    assert page.locator(".rl-verdict details").first.get_attribute("open") is None
    page.locator(".rl-verdict summary").first.click()
    expect(page.locator(".rl-verdict details span").first).to_contain_text("corrected for")
    assert page.evaluate(COVERED) == []
    shot(page, "measured")
    sentence = page.locator(".rl-verdict b").first.inner_text()
    assert "run=" in page.url
    page.reload()
    expect(page.locator(".rl-verdict b").first).to_have_text(sentence)
    present(page, shot)

    page.get_by_role("link", name="Judge").click()
    page.locator("[data-judging]").wait_for()
    for _ in range(3):
        grade(page, "3")
    page.get_by_role("link", name="Measure").click()
    page.locator(".rl-verdict").wait_for()
    settled(page)
    assert page.locator(".rl-table").first.inner_text() != before
    compare_runs(page)

    with page.expect_download() as download:
        page.get_by_role("button", name="Report").click()
    report = Path(download.value.path()).read_text("utf-8")
    assert "field &lt;i&gt;" in report
    assert "http" not in report.split("</style>")[1]


def compare_runs(page):
    """Measure again, and compare the new evaluation with the one before it from the history."""
    page.get_by_test_id("stMain").get_by_role("button", name="Measure").click()
    page.get_by_text(re.compile(r"All evaluations of .* \(2\)")).wait_for()
    settled(page)
    page.get_by_text("All evaluations of").click()
    expect(page.locator(".rl-history tbody tr")).to_have_count(2)
    box = page.get_by_role("combobox", name="Compare the shown one with")
    box.click()
    box.press("ArrowDown")
    # By key: the list may stand outside of the window while the page below it grows.
    expect(page.get_by_role("option").first).to_have_attribute("data-focused", "true")
    box.press("Enter")
    changes = page.locator("[data-testid=stExpander]", has_text="All evaluations of")
    expect(changes).to_contain_text("Both measured the same documents with the same version.")
    expect(changes).to_contain_text("had the same settings both times")
    expect(changes.locator(".rl-verdict b").first).to_be_visible()


def present(page, shot):
    """Go through the slides by key, save one as both pictures, and close them."""
    settled(page)
    page.get_by_role("button", name="Present").click()
    slide, count = page.locator(".slide svg"), page.locator(".bar .count")
    expect(slide).to_be_visible()
    moving = "e => e.getAnimations({ subtree: true }).length"
    assert slide.evaluate(moving) > 0
    last = int(count.inner_text().split()[-1])
    page.wait_for_function(f"slide => ({moving})(slide) === 0", arg=slide.element_handle())
    shot(page, "slide")
    for _ in range(last + 2):  # as fast as keys come; no press is lost, none goes too far
        page.keyboard.press("ArrowRight")
    expect(count).to_have_text(f"{last} of {last}")
    expect(slide).to_contain_text("All questions")
    page.wait_for_timeout(300)
    shot(page, "slide-summary")
    with page.expect_download() as picture:
        page.get_by_role("button", name="SVG").click()
    assert Path(picture.value.path()).read_text("utf-8").lstrip().startswith("<svg xmlns")
    with page.expect_download() as picture:
        page.get_by_role("button", name="PNG").click()
    dots = Path(picture.value.path()).read_bytes()
    assert dots[:8] == b"\x89PNG\r\n\x1a\n"
    assert [int.from_bytes(dots[at : at + 4], "big") for at in (16, 20)] == [1920, 1080]
    page.set_viewport_size({"width": 390, "height": 844})
    expect(slide).to_have_attribute("viewBox", "0 0 900 1600")
    assert slide.bounding_box()["width"] > 330
    shot(page, "slide-summary-390")
    for width in (390, 800, 1280):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_timeout(300)
        assert page.evaluate(BUTTONS_MEET) == [], width
    expect(slide).to_have_attribute("viewBox", "0 0 1600 900")
    page.keyboard.press("Home")
    page.emulate_media(reduced_motion="reduce")
    page.keyboard.press("a")
    assert slide.evaluate(moving) == 0
    assert violations(page) == []
    assert "slide=1" in page.url
    page.keyboard.press("ArrowRight")
    page.reload()
    expect(count).to_have_text(f"2 of {last}")
    page.keyboard.press("Escape")
    expect(page.locator(".rl-title")).to_be_visible()
    page.wait_for_url(lambda url: "slide=" not in url)


@pytest.mark.parametrize(("width", "dark"), LOOKS)
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
    page.get_by_text("TREC qrels", exact=True).first.wait_for(state="attached")
    look("judgements")
    page.goto(f"{address}/measure")
    page.get_by_text("Answers graded by a model").wait_for()  # the last of the page
    settled(page)
    page.get_by_test_id("stMain").get_by_role("button", name="Measure").click()
    page.locator(".rl-verdict").wait_for()
    look("measure")
    assert violations(page) == []
    assert page.evaluate(COVERED) == []
    page.get_by_text("All evaluations of").click()
    page.locator(".rl-history").scroll_into_view_if_needed()
    look("measure-history")
    page.locator(".rl-changed").first.scroll_into_view_if_needed()
    look("measure-below")
