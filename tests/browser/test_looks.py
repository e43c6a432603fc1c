"""The page over the fake library: both themes, two widths, keyboard, hostile text."""

from pathlib import Path

import pytest

from tests.browser.axe import violations
from tests.browser.conftest import WIDER, serving
from tests.browser.test_measure import settled

CONTRAST = Path(__file__).with_name("contrast.js").read_text("utf-8")
# The left upper corner of each element, read at one moment, as soon as all are there.
CORNERS = """places => {
  const found = places.map(place => document.querySelector(place)?.getBoundingClientRect());
  return found.every(Boolean) && found.map(box => [box.x, box.y]);
}"""


# Columns of the scores out of sight; passages of the chart without page or with a short name cut.
CUT = """() => {
  const hidden = one => !one || one.getBoundingClientRect().width === 0;
  const wide = [...document.querySelectorAll(".rl-scores .rl-scroll")]
    .filter(one => one.scrollWidth > one.clientWidth).map(() => "scores");
  const unnamed = [...document.querySelectorAll(".rl-slope .side .rl-open")]
    .filter(one => !hidden(one) && one.querySelector(".page"))
    .filter(one => {
      const name = one.querySelector(".stem .head");
      const place = [...one.querySelectorAll(".page, .short")].find(other => !hidden(other));
      return hidden(place) || (name.innerText.length < 16 && name.scrollWidth > name.clientWidth);
    });
  return [...wide, ...unnamed.map(one => one.innerText)];
}"""
# Inspect needs real rankings: tests/browser/test_inspect.py looks at it.
PAGES = ("", "library", "compare", "judge", "measure", "monitor", "settings", "models")
WIDTHS = (390, 800, 1280, 1920)
NAVIGATION = """() => [...document.querySelectorAll("header a")].map(link => {
  const box = link.getBoundingClientRect();
  return [box.x, box.y, box.width].map(Math.round);
})"""


@pytest.fixture(scope="module")
def address():
    with serving("tests.browser.fake_server") as address:
        yield address


def ask(page, question="How should batteries be kept?"):
    box = page.get_by_placeholder("What would you like to know?")
    box.fill(question)
    box.press("Enter")
    page.locator("[data-complete]").wait_for()
    page.locator(".rl-sources").first.wait_for()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (800, True)])
def test_every_state_is_legible_and_fits(address, visit, shot, width, dark):
    theme = f"{width}-{'dark' if dark else 'light'}"
    page = visit(address, width, dark=dark)
    page.get_by_placeholder("What would you like to know?").wait_for()
    shot(page, f"start-{theme}")
    ask(page)
    best, label, others = page.locator(".rl-answer").locator("> *").all_inner_texts()
    assert (best[:9], label, others[:6]) == ("Batteries", "Also found", "Then: ")
    for tab in ("Scores", "Latency", "Before → after"):
        page.get_by_role("tab", name=tab).click()
        if width < 1000:  # the evidence stands below the answer here
            page.get_by_role("tablist").evaluate("tabs => tabs.scrollIntoView()")
        settled(page)
        assert page.evaluate(CONTRAST) == [], tab
        assert violations(page) == [], tab
        assert not page.evaluate(WIDER), tab
        assert page.evaluate(CUT) == [], tab
        shot(page, f"ask-{tab.split()[0].lower()}-{theme}")
    page.locator(".rl-cite").first.click()
    page.locator("[role=dialog] mark").wait_for()
    settled(page)
    assert page.evaluate(CONTRAST) == []
    assert violations(page) == []
    shot(page, f"passage-{theme}")


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (800, True)])
def test_the_library_is_legible_and_fits(address, visit, shot, width, dark):
    page = visit(f"{address}/library", width, dark=dark)
    table = page.get_by_test_id("stDataFrame")
    table.wait_for()
    settled(page)
    table.click(position={"x": 16, "y": 90})
    page.get_by_text("4 passages").wait_for()
    settled(page)  # the passages come after their count
    assert page.evaluate(CONTRAST) == []
    assert not page.evaluate(WIDER)
    shot(page, f"library-{width}-{'dark' if dark else 'light'}")
    page.get_by_role("button", name="Ask this document").click()
    page.get_by_placeholder("What would you like to know?").wait_for()
    page.wait_for_url("**within=**")
    page.get_by_text("Documents: 1 filter").wait_for()


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_every_page_fits_every_width_and_is_accessible(address, visit, shot, dark):
    page = visit(address, dark=dark)
    ask(page)
    theme, poor = "dark" if dark else "light", []
    for name in PAGES:
        page.goto(f"{address}/{name}")
        page.locator("h1, [data-testid=stChatInput]").first.wait_for()
        settled(page)
        assert page.get_by_text("Unexpected error").count() == 0, name
        poor += [f"{name}: {one}" for one in violations(page)]
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            page.wait_for_timeout(250)
            if page.evaluate(WIDER):
                poor.append(f"{name} is wider than {width}")
            shot(page, f"page-{name or 'ask'}-{width}-{theme}")
        page.set_viewport_size({"width": 1280, "height": 900})
    assert poor == []


@pytest.mark.parametrize("width", [1280, 800])
def test_the_navigation_stands_still_from_page_to_page(address, visit, width):
    page = visit(address, width)
    ask(page)
    page.get_by_role("link", name="Library", exact=True).first.click()
    settled(page)
    first = page.evaluate(NAVIGATION)
    assert len(first) >= 9
    for title in ("Inspect", "Judge", "Measure", "Monitor", "Ask"):
        page.get_by_role("link", name=title, exact=True).first.click()
        settled(page)
        # Streamlit lays out all links for a moment to find out which ones fit beside each other.
        page.wait_for_function(f"first => `${{({NAVIGATION})()}}` === `${{first}}`", arg=first)


def test_the_keyboard_reaches_the_question_and_skips_the_navigation(address, visit):
    page = visit(f"{address}/models")
    page.locator("h1").wait_for()
    settled(page)
    page.keyboard.press("Tab")
    skip = page.get_by_role("link", name="Skip to main content")
    assert skip.evaluate("e => e === document.activeElement && e.getBoundingClientRect().top >= 0")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.dataset.testid") == "stMain"
    page.keyboard.press("/")
    box = page.get_by_placeholder("What would you like to know?")
    box.wait_for()
    page.wait_for_function("() => document.activeElement.tagName === 'TEXTAREA'")
    page.keyboard.type("What is 1/2?")
    assert box.input_value() == "What is 1/2?"


def test_nothing_jumps_while_the_answer_streams(address, visit):
    page = visit(address)
    box = page.get_by_placeholder("What would you like to know?")
    box.fill("How should batteries be kept?")
    box.press("Enter")
    page.locator(".rl-answer.writing .rl-cite").first.wait_for()
    places = [".rl-slope", ".rl-answer", "[role=tablist]", ".rl-question"]
    before = page.wait_for_function(CORNERS, arg=places).json_value()
    page.locator("[data-complete]").wait_for()
    assert page.wait_for_function(CORNERS, arg=places).json_value() == before


def test_a_click_while_the_answer_streams_opens_at_once_and_interrupts_nothing(visit):
    with serving("tests.browser.fake_server", PAUSE="3") as slow:
        page = visit(slow)
        box = page.get_by_placeholder("What would you like to know?")
        box.fill("How should batteries be kept?")
        box.press("Enter")
        page.locator(".rl-answer.writing .rl-cite").first.click()
        page.locator("[role=dialog] .rl-context").wait_for()
        page.locator(".rl-answer.writing").wait_for(timeout=2_000)
        page.locator("[data-complete]").wait_for()
        assert page.locator(".rl-answer .rl-cite").count() == 2
        assert page.locator("[role=dialog] .rl-context").count() == 1


def test_a_click_that_comes_before_the_page_is_ready_is_not_lost(address, visit):
    page = visit(address)
    box = page.get_by_placeholder("What would you like to know?")
    box.wait_for()
    page.context.new_cdp_session(page).send("Emulation.setCPUThrottlingRate", {"rate": 6})
    box.fill("How should batteries be kept?")
    box.press("Enter")
    page.locator(".rl-answer .rl-cite").first.click()
    page.locator("[role=dialog] .rl-context").wait_for()


def test_a_click_waits_for_the_listener_though_the_focus_goes_elsewhere(address, visit):
    page = visit(address)
    ask(page)
    chat = page.url
    held = []
    # what every component waits for
    page.route("**/static/js/BidiComponent*", lambda route: held.append(route))
    page.goto(address)
    page.goto(chat)
    page.locator(".rl-answer .rl-cite").first.click()
    page.get_by_placeholder("Ask a follow-up").focus()
    assert held
    for route in held:
        route.continue_()
    page.locator("[role=dialog] .rl-context").wait_for()


def test_the_controls_take_one_row_on_a_desk_and_two_where_it_is_narrow(address, visit):
    for width, rows in ((1280, 1), (800, 2)):
        page = visit(address, width)
        ask(page)
        controls = page.locator(".st-key-controls").bounding_box()
        assert controls["height"] < 50 * rows, width


def test_a_citation_opens_with_the_keyboard(address, visit):
    page = visit(address)
    ask(page)
    page.locator(".rl-answer .rl-cite").nth(1).focus()
    page.keyboard.press("Enter")
    page.locator("[role=dialog] .rl-where").wait_for()
    assert "field-guide.pdf" in page.locator("[role=dialog]").inner_text()
    page.keyboard.press("Escape")
    page.locator("[role=dialog]").wait_for(state="detached")


def test_hostile_text_stays_text(address, visit):
    page = visit(address)
    ask(page, "<img src=x onerror=alert(1)> ![p](http://evil.example/p.png)")
    assert page.locator(".rl-question").inner_text().startswith("<img src=x")
    page.get_by_role("button", name="maintenance · Part 4").last.click()
    page.locator("[role=dialog] .rl-context").wait_for()
    assert "<script>alert(1)</script> ![pixel]" in page.locator("[role=dialog]").inner_text()
    assert page.locator("main img[src*=evil], [role=dialog] img, main a[href*=evil]").count() == 0
