"""Follow a passage of the sample documents that the question did not find; links open it again."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from rag.settings import Settings
from ranklens.library import Library
from tests.browser.axe import violations
from tests.browser.conftest import WIDER, serving
from tests.browser.test_measure import settled

ROOT = Path(__file__).parents[2]
CONTRAST = Path(__file__).with_name("contrast.js").read_text("utf-8")
DOCUMENTS = ("apollo-landings.html", "cassini-huygens.docx", "comets.txt")
QUESTION = "Which probe landed on Titan?"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("library")
    with Library.open(Settings(library=made)) as library:
        for name in DOCUMENTS:
            library.enqueue(ROOT / "sample_docs" / name)
        library.work()
    return made


@pytest.fixture(scope="module")
def address(folder):
    given = {"RANKLENS_LIBRARY": str(folder), "RANKLENS_POOL": "5", "RANKLENS_TOP": "3"}
    with serving("streamlit", "run", "app.py", **given) as address:
        yield address


def asked(page):
    box = page.get_by_placeholder("What would you like to know?")
    box.fill(QUESTION)
    box.press("Enter")
    page.locator("[data-complete]").wait_for()
    page.locator(".rl-sources").first.wait_for()


def verdict(page):
    return page.locator(".rl-verdict b")


def test_where_a_passage_went_and_the_link_to_it(address, visit, shot):
    page = visit(address)
    asked(page)
    page.get_by_test_id("stMain").get_by_role("link", name="Inspect").click()
    expect(verdict(page)).to_contain_text("Given to the answer as [1]")
    expect(page.get_by_text("Exact decomposition")).to_be_visible()
    shot(page, "inspect")

    page.get_by_text("By its words", exact=True).click()
    words = page.get_by_label("Its words")
    words.fill("the gas tail is blue and straight")
    words.press("Enter")
    expect(verdict(page)).to_contain_text("Not retrieved")
    rows = page.locator(".rl-way tbody tr")
    expect(rows.first).to_contain_text("left out here")
    expect(rows).to_have_count(4)
    dense = int(rows.first.locator("td").nth(1).inner_text())
    assert dense > 5
    expect(rows.last).to_contain_text("where it would have come")
    shot(page, "inspect-outside")
    said = verdict(page).inner_text()

    again = visit(page.url)  # another session: only the address tells what is shown
    expect(verdict(again)).to_have_text(said)
    expect(again.locator(".rl-question").first).to_have_text(QUESTION)


def test_reload_back_and_forward_show_the_same_passage_and_traces(address, visit):
    page = visit(address)
    asked(page)
    page.get_by_test_id("stMain").get_by_role("link", name="Inspect").click()
    expect(verdict(page)).to_contain_text("Given to the answer as [1]")
    question = page.locator(".rl-question").first.bounding_box()["y"]
    below = page.locator(".rl-card").first.bounding_box()["y"]
    assert question < verdict(page).bounding_box()["y"] < below
    page.get_by_text("By its words", exact=True).click()
    words = page.get_by_label("Its words")
    words.fill("the gas tail is blue and straight")
    words.press("Enter")
    expect(verdict(page)).to_contain_text("Not retrieved")
    expect(page.locator(".rl-remedy")).to_contain_text("would hand it to the reranker")
    expect(page.locator(".rl-remedy")).to_contain_text("There it would come at rank")
    outside = verdict(page).inner_text()
    page.get_by_text("Two traces", exact=True).click()
    page.locator(".rl-slope").first.wait_for()  # a useful pair, without a click
    expect(page.get_by_text("Second: Without reranking, now")).to_be_visible()
    page.reload()
    expect(page.get_by_text("Second: Without reranking, now")).to_be_visible()
    page.go_back()
    expect(verdict(page)).to_have_text(outside)
    page.go_back()
    expect(verdict(page)).to_contain_text("Given to the answer as [1]")
    page.go_forward()
    expect(verdict(page)).to_have_text(outside)
    page.reload()
    expect(verdict(page)).to_have_text(outside)


def test_a_passage_is_followed_from_its_drawer(address, visit):
    page = visit(address)
    asked(page)
    page.locator(".rl-table").first.locator(".rl-open").last.click()
    link = page.locator("[role=dialog]").get_by_role("link", name="Where it went, and why")
    link.click()
    expect(verdict(page)).to_contain_text("rank 5")
    assert "passage=" in page.url


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_every_view_is_legible_and_fits(address, visit, shot, width, dark):
    theme = f"{width}-{'dark' if dark else 'light'}"
    page = visit(address, width, dark=dark)
    asked(page)
    page.get_by_test_id("stMain").get_by_role("link", name="Inspect").click()
    for view, there in (("A passage", ".rl-heat"), ("The pool", ".rl-pool"), ("Two traces", "")):
        page.get_by_text(view, exact=True).click()
        there = there or ".rl-slope"
        page.locator(there).first.wait_for()
        settled(page)
        assert page.evaluate(CONTRAST) == [], view
        assert violations(page) == [], view
        for wide in (width, 1920 if width == 1280 else 800):
            page.set_viewport_size({"width": wide, "height": 900})
            page.wait_for_timeout(200)
            assert not page.evaluate(WIDER), (view, wide)
            shot(page, f"inspect-{view.split()[-1]}-{wide}-{theme}")
        page.set_viewport_size({"width": width, "height": 900})
