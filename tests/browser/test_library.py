"""The Library and Models pages over a real library: stop, resume, folders, tags, both themes."""

import pytest
from playwright.sync_api import expect

from rag.settings import Settings
from ranklens.library import Library
from tests.browser.conftest import ROOT, WIDER, serving
from tests.browser.test_looks import CONTRAST
from tests.browser.test_measure import settled

SENTENCE = "The moon is in its orbit around the earth, and the sun is far away from number {}. "


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    home = tmp_path_factory.mktemp("home")
    (home / "reports").mkdir()
    (home / "reports" / "moon.txt").write_text("The Moon is round.")
    (home / "reports" / "mars.txt").write_text("Mars is red.")
    return home


@pytest.fixture(scope="module")
def address(tmp_path_factory, home):
    folder = tmp_path_factory.mktemp("library")
    with Library.open(Settings(library=folder)) as library:
        library.add(ROOT / "sample_docs" / "missions.csv")
        (name,) = (document.name for document in library.documents())
        library.tags.put(name, ["space", "tables"])
        document = library.document(name)
        library.index.catalogue.update_document(document.id, warnings="page 2 was not read")
    options = {"RANKLENS_LIBRARY": str(folder), "RANKLENS_IMPORT_FOLDERS": str(home)}
    with serving("streamlit", "run", "app.py", **options) as address:
        yield address


def sources(page):
    page.get_by_text("From a folder or an address").or_(
        page.get_by_text("Folders and addresses:")
    ).click()


def test_indexing_is_stopped_resumed_and_ended_by_removing(address, visit, tmp_path):
    large = tmp_path / "large.txt"
    large.write_text("".join(SENTENCE.format(n) for n in range(20_000)))
    page = visit(f"{address}/library")
    page.locator("input[type=file]").set_input_files(large)
    page.get_by_role("button", name="Stop", exact=True).click()
    page.get_by_text("Indexing is stopped; 1 document waits").wait_for()
    page.reload()
    page.get_by_text("Indexing is stopped; 1 document waits").wait_for()
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="Stop", exact=True).wait_for()
    page.get_by_text("1 document is ready; the others follow.").wait_for()
    page.get_by_role("button", name="Ask now").click()
    page.get_by_placeholder("What would you like to know?").wait_for()
    page.goto(f"{address}/library")
    table = page.get_by_test_id("stDataFrame")
    table.wait_for()
    settled(page)
    table.click(position={"x": 16, "y": 54})
    page.locator(".rl-question", has_text="large.txt").wait_for()
    page.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    page.get_by_role("button", name="Stop", exact=True).wait_for(state="detached")
    page.get_by_text("1 document ·").wait_for()


def test_a_folder_is_imported_and_followed(address, visit, home):
    page = visit(f"{address}/library")
    sources(page)
    page.get_by_label("Folder of this machine").fill(str(home / "reports"))
    page.get_by_role("button", name="Import and watch").click()
    page.get_by_text("2 added.").wait_for()
    page.get_by_text("3 documents ·").wait_for()
    (home / "reports" / "mars.txt").unlink()
    (home / "reports" / "venus.txt").write_text("Venus has no moons.")
    page.get_by_role("button", name="Look now").click()
    page.get_by_text("1 added, 1 removed.").wait_for()
    page.get_by_label("Address of a document").fill(f"{address}/library")
    page.get_by_role("button", name="Fetch").click()
    page.get_by_text("is no public address").wait_for()
    page.get_by_role("button", name="Stop watching").click()
    page.get_by_text("From a folder or an address").wait_for()


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (390, True)])
def test_both_pages_are_legible_and_fit(address, visit, shot, width, dark):
    theme = f"{width}-{'dark' if dark else 'light'}"
    page = visit(f"{address}/library", width, dark=dark)
    page.get_by_test_id("stDataFrame").wait_for()
    sources(page)
    settled(page)
    assert page.evaluate(CONTRAST) == []
    assert not page.evaluate(WIDER)
    shot(page, f"library-page-{theme}")
    page.goto(f"{address}/models")
    first = page.locator(".rl-sub").first
    expect(first).to_have_text("On this machine")  # before what could be downloaded
    page.get_by_text("Rerankers without a model of their own").click()
    settled(page)
    assert page.evaluate(CONTRAST) == []
    assert not page.evaluate(WIDER)
    shot(page, f"models-page-{theme}")
