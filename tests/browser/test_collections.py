"""The choice of a collection in the real page: reload, second tab, Back, answers within it."""

import re

import pytest
from playwright.sync_api import expect

from rag.evaluate.data import Question
from rag.settings import Settings
from ranklens.library import Library
from tests.browser.conftest import serving
from tests.browser.test_chat import answers, ask

TEXTS = {
    "default": ("boats.txt", "A dinghy is a small open boat. It is rowed near the shore.\n"),
    "Reports": ("tides.md", "# Tides\n\nThe Moon raises two tides a day on every shore.\n"),
}
MANY = 55  # conversations: the list starts with 50


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    with Library.open(Settings(library=folder / "library")) as library:
        library.collections.make("Reports")
        for collection, (name, text) in TEXTS.items():
            (folder / name).write_text(text, "utf-8")
            library.add([folder / name], collection=collection)
        library.question_sets.put("shores", [Question("q1", "What raises the tides?")], "Reports")
        found, reports = library.search("Tides?"), library.collections.id_of("Reports")
        for number in range(MANY):
            key = library.conversations.start(f"Tide {number:03}", reports)
            library.conversations.add(key, f"Which tide is number {number:03}?", found)
    with serving("streamlit", "run", "app.py", RANKLENS_LIBRARY=str(folder / "library")) as running:
        yield running


def chosen(page, name):
    """Wait until a collection is the one that is chosen."""
    page.wait_for_function(
        "name => document.querySelector('.st-key-collection_box')?.innerText.trim() === name ||"
        "document.querySelector('.st-key-collection_box input')?.value === name",
        arg=name,
    )
    named = "all" if name == "All collections" else name
    page.wait_for_url(re.compile(rf"collection={named}"))


def choose(page, name):
    page.locator(".st-key-collection_box input").click()
    page.get_by_role("option", name=name, exact=True).click()
    chosen(page, name)


def test_reload_a_second_tab_and_back(address, visit, shot):
    page = visit(address)
    chosen(page, "default")
    page.get_by_text("1 document, 1 passage ready").wait_for()
    choose(page, "Reports")
    page.reload()
    chosen(page, "Reports")
    chosen(visit(address), "Reports")
    page.get_by_role("link", name="Library").first.click()
    chosen(page, "Reports")
    page.get_by_text("Drop documents here").wait_for()
    shot(page, "collections-library")
    choose(page, "default")
    page.go_back()
    chosen(page, "Reports")
    page.go_forward()
    chosen(page, "default")


def test_a_link_to_a_set_chooses_its_collection_and_all_conversations_are_found(address, visit):
    page = visit(f"{address}/judge?set=shores")
    chosen(page, "Reports")
    expect(page.get_by_role("combobox", name="Question set")).to_have_value("shores · 1 question")
    page.get_by_role("link", name="Ask").first.click()
    listed = page.get_by_test_id("stSidebar").get_by_role("button", name=re.compile("^Tide "))
    expect(listed).to_have_count(50)
    page.get_by_role("button", name=f"{MANY - 50} more").click()
    expect(listed).to_have_count(MANY)
    search = page.get_by_placeholder("Search conversations")
    search.fill("number 000")  # the oldest one
    search.press("Enter")
    expect(listed).to_have_count(1)
    expect(listed).to_have_text("Tide 000")
    listed.click()
    expect(page.locator(".rl-question")).to_have_text("Which tide is number 000?")


def test_a_conversation_is_held_within_one(address, visit, shot):
    page = visit(f"{address}/?collection=Reports")
    chosen(page, "Reports")
    ask(page, "What is there on the shore?")
    (told,) = answers(page, 1)
    assert "two tides" in told
    shot(page, "collections-ask")
    page.go_back()  # at once
    page.get_by_text("Ask your documents").wait_for()
    page.go_forward()
    answers(page, 1)
    link = page.url
    choose(page, "default")
    page.get_by_text("Ask your documents").wait_for()
    page.get_by_role("button", name="What is there on the shore?").wait_for(state="detached")
    choose(page, "All collections")
    page.get_by_text("2 documents, 2 passages ready in All collections").wait_for()
    page.go_back()
    chosen(page, "default")
    page.go_back()
    chosen(page, "Reports")
    answers(page, 1)
    other = visit(link.replace("collection=Reports", "collection=default"))
    answers(other, 1)
    chosen(other, "Reports")


def test_a_collection_is_made_filled_and_removed(address, visit, shot):
    page = visit(f"{address}/library?collection=default")
    chosen(page, "default")
    page.get_by_role("button", name="Collections…").click()
    page.get_by_label("New collection").fill("Shores")
    page.get_by_role("button", name="Make it").click()
    chosen(page, "Shores")
    page.get_by_text("No documents yet").wait_for()
    page.get_by_role("button", name="Collections…").click()
    page.get_by_label("Documents of other collections").click()
    page.get_by_role("option", name="tides.md").click()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Put them in").click()
    page.get_by_text("1 document").first.wait_for()
    shot(page, "collections-filled")
    page.get_by_role("button", name="Collections…").click()
    page.get_by_role("button", name="Remove the collection").click()
    chosen(page, "default")
