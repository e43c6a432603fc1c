"""Compare and vote in the real page, and open a report that was downloaded without a network."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.conftest import WIDER, serving
from tests.browser.test_measure import CONTRAST, LOOKS, settled, write

SLOW = 60_000
# Names of the chart, all made long, whose ends or pages are hidden.
HIDDEN_ENDS = """() => [...document.querySelectorAll(".rl-bump .side .name")].filter((name) => {
  const stem = name.querySelector(".stem"), page = name.querySelector(".page");
  stem.innerHTML = '<span class="head">annual-report-</span>2023-2024';
  return stem.scrollWidth > stem.clientWidth || page?.scrollWidth > page?.clientWidth;
}).length"""


@pytest.fixture
def address():
    with serving("tests.browser.fake_server", OUTSIDE="1") as address:
        yield address


def question(page, text):
    """Type a question that is in no set."""
    box = page.get_by_test_id("stMain").get_by_role("combobox").first
    box.click()
    box.fill(text)
    page.get_by_role("option").filter(has_text=text).first.click()
    expect(box).to_have_value(text, timeout=SLOW)


@pytest.mark.parametrize(("width", "dark"), LOOKS)
def test_pipelines_stand_side_by_side(address, visit, shot, width, dark):
    page = visit(f"{address}/compare", width, dark=dark)
    question(page, "How are batteries kept?")
    page.get_by_test_id("stMain").get_by_role("button", name="Compare").click()
    nodes = page.locator(".rl-bump .node")
    expect(nodes).to_have_count(20, timeout=SLOW)
    expect(page.locator(".rl-compared tbody tr")).to_have_count(2)
    settled(page)
    assert page.evaluate(CONTRAST) == []
    assert not page.evaluate(WIDER)
    assert violations(page) == []
    # The passage that is 10 in ALL: 5th without a reranker, and first with the current one.
    page.locator('.rl-bump .node[title*="rank 5, Without reranking"]').hover()
    named = page.locator(".rl-named span:visible", has_text="reranking 5 · With reranking")
    expect(named).to_be_visible()
    theme = f"{width}-{'dark' if dark else 'light'}"
    shot(page, f"compare-{theme}")
    # Two answers with their names, each whole passage that they were written from.
    both = page.locator(".rl-beside").first.locator("section")
    expect(both).to_have_count(2)
    expect(both.nth(1).locator(".only").first).to_be_visible()
    expect(page.locator(".rl-given-passages")).to_have_count(2)
    expect(page.locator(".rl-given-passages mark").first).to_have_text("Batteries")
    page.locator(".rl-given-passages").first.scroll_into_view_if_needed()
    shot(page, f"compare-below-{theme}")
    assert page.evaluate(HIDDEN_ENDS) == 0
    page.locator(".rl-bump .side .rl-open").first.click()
    expect(page.locator("[role=dialog] .rl-where")).to_be_visible(timeout=SLOW)


def test_an_address_shows_the_comparison_again_and_a_slide_of_it(address, visit, shot):
    page = visit(f"{address}/compare?question=How+are+batteries+kept%3F&pipelines=none")
    expect(page.locator(".rl-bump .node")).to_have_count(10, timeout=SLOW)
    page.goto(f"{address}/compare?question=Is+a+lens+stored+dry%3F&pipelines=none")
    page.get_by_text("The relevant passage is not in the pool").wait_for()
    expect(page.locator(".rl-compared")).to_contain_text("not in the pool")
    page.go_back()
    expect(page.get_by_role("heading", name="How are batteries kept?")).to_be_visible(timeout=SLOW)
    page.goto(f"{address}/compare?question=What+is+covered%3F&pipelines=none&pipelines=current")
    expect(page.locator(".rl-bump .node")).to_have_count(20, timeout=SLOW)
    page.reload()
    expect(page.get_by_role("heading", name="What is covered?")).to_be_visible(timeout=SLOW)
    page.go_back()
    expect(page.get_by_role("heading", name="How are batteries kept?")).to_be_visible(timeout=SLOW)
    page.go_forward()
    expect(page.locator(".rl-bump .node")).to_have_count(20, timeout=SLOW)
    settled(page)
    page.get_by_role("button", name="Present").click()
    slide = page.locator(".slide svg")
    expect(slide).to_be_visible(timeout=SLOW)
    expect(slide).to_contain_text("Without reranking")
    settled(page)
    shot(page, "compare-slide")
    page.keyboard.press("Escape")
    expect(page.locator(".rl-title")).to_be_visible(timeout=SLOW)
    page.wait_for_url(lambda url: "slide=" not in url)
    assert "question=What+is+covered" in page.url


def test_a_blind_vote_from_ballot_to_count(address, visit, shot):
    page = visit(f"{address}/compare")
    page.get_by_text("Blind vote").click()
    page.get_by_role("button", name="Show both").wait_for()
    question(page, "How are batteries kept?")
    page.get_by_role("button", name="Show both").click()
    sides = page.locator(".rl-blind")
    expect(sides).to_have_count(2, timeout=SLOW)
    expect(sides.nth(0).locator("h3")).to_have_text("Left")
    hidden = "".join(sides.nth(n).evaluate("e => e.outerHTML") for n in (0, 1))
    assert not any(word in hidden for word in ("none", "current", "late-interaction"))
    shot(page, "ballot")
    page.get_by_role("button", name="Left is better").click()
    expect(page.get_by_text("This pair so far")).to_be_visible(timeout=SLOW)
    expect(page.locator(".rl-counted")).to_be_in_viewport(ratio=1)
    names = {sides.nth(n).locator("h3").inner_text().split(" ·")[0] for n in (0, 1)}
    assert names == {"Without reranking", "With reranking (late-interaction)"}
    row = page.locator(".rl-table tbody tr").first
    assert "With reranking (late-interaction) and Without reranking" in row.inner_text()
    cells = [int(cell) for cell in row.locator("td.right").all_inner_texts()[:4]]
    assert sorted(cells) == [0, 0, 0, 1]
    shot(page, "voted")
    # The address for voters: a small window, both sides, the vote in sight, then the verdict.
    page.get_by_role("button", name="Address for voters").click()
    link = page.get_by_test_id("stCode").inner_text().strip()
    assert link.startswith(f"{address}/compare?view=voter&")
    guest = visit(link, 800, 600)
    expect(guest.locator(".rl-blind")).to_have_count(2, timeout=SLOW)
    assert guest.get_by_role("combobox").count() == 0
    expect(guest.get_by_role("button", name="Left is better")).to_be_in_viewport(ratio=1)
    settled(guest)
    guest.keyboard.press("3")
    expect(guest.locator(".rl-counted")).to_be_in_viewport(ratio=1, timeout=SLOW)
    assert violations(guest) == []
    shot(guest, "voter")


def test_a_downloaded_report_opens_offline(address, visit, browser, tmp_path, shot):
    page = visit(f"{address}/judge")
    write(page, ["How are batteries kept?"])
    page.get_by_text("Grade passages").click()
    page.locator("[data-judging]").wait_for()
    page.keyboard.press("3")
    page.get_by_text("1 of 1 questions · all stored").wait_for()
    page.get_by_role("link", name="Measure").click()
    page.get_by_text("1 of 1 question can be measured").wait_for()
    page.get_by_text("Answers too").click()
    page.get_by_test_id("stMain").get_by_role("button", name="Measure").click()
    page.locator(".rl-verdict").wait_for(timeout=SLOW)
    with page.expect_download(timeout=SLOW) as download:
        page.get_by_role("button", name="Report").click()
    path = tmp_path / "report.html"
    path.write_bytes(Path(download.value.path()).read_bytes())

    requests, faults = [], []
    context = browser.new_context(offline=True)
    try:
        report = context.new_page()
        report.on("request", lambda request: requests.append(request.url))
        report.on("console", lambda said: faults.append(said.text))
        report.on("pageerror", lambda error: faults.append(str(error)))
        report.goto(path.as_uri())
        expect(report.locator("h1")).to_have_text("field <i>")
        expect(report.locator(".rl-plot .dot").first).to_be_visible()
        expect(report.locator(".rl-range .track").first).to_be_visible()
        expect(report.get_by_role("heading", name="Answers")).to_be_visible()
        report.screenshot(path=tmp_path / "report.png", full_page=True)
        assert not report.evaluate(WIDER)
        shot(report, "report")
    finally:
        context.close()
    assert requests == [path.as_uri()]
    assert faults == []
