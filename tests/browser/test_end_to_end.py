"""The real page over a real library: upload a PDF, ask, open a citation, change the reranker."""

import pytest
from reportlab.lib.styles import getSampleStyleSheet
from reportlab.platypus import PageBreak, Paragraph, SimpleDocTemplate

from rag import trace as traces
from tests.browser.conftest import serving

PAGES = [
    "The lighthouse at Skerry Point was lit for the first time in the spring of 1871. Its tower is "
    "thirty-two metres high and stands on a ledge of black slate.",
    "The lamp burned rapeseed oil until 1904, when it was changed to paraffin vapour. The keeper "
    "carried forty litres of oil up the stairs every week.",
    "In 1962 the lighthouse was electrified and the last keeper left. Since then its lamp has been "
    "watched from the harbour office by telephone line.",
    "The foghorn sounds two blasts every ninety seconds. It can be heard nine miles out when the "
    "wind is low, and was built by the same yard as the lamp.",
]
NOTES = {
    "harbour.md": "# Harbour\n\nThe harbour office keeps a log of every ship.\n\n## Lamps\n\nGreen "
    "lamps mark the entrance; the lamp on the mole was lit first in 1890.\n",
    "keepers.txt": "The keepers came from three families. A keeper was paid eleven pounds a month "
    "and given coal, oil and a garden. The last keeper kept bees.\n",
}
QUESTION = "When was the lighthouse lamp electrified?"


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    with serving("streamlit", "run", "app.py", RANKLENS_LIBRARY=str(folder)) as address:
        yield address


@pytest.fixture
def files(tmp_path):
    pdf = tmp_path / "Skerry Point & lamp.pdf"
    style = getSampleStyleSheet()["Normal"]
    story = [part for text in PAGES for part in (Paragraph(text, style), PageBreak())]
    SimpleDocTemplate(str(pdf)).build(story)
    for name, text in NOTES.items():
        (tmp_path / name).write_text(text, "utf-8")
    return [pdf, *(tmp_path / name for name in NOTES)]


def order(page):
    """Return the passages of the movement table, first to last."""
    return page.locator(".rl-table").first.locator("tbody .snippet").all_inner_texts()


def test_from_documents_to_a_cited_answer(address, visit, shot, files, tmp_path):
    page = visit(address)
    page.get_by_text("The library is empty").wait_for()
    shot(page, "empty")
    page.get_by_role("link", name="Open the library").click()
    page.get_by_role("button", name="Add the sample library").wait_for()
    page.locator("input[type=file]").set_input_files(files)
    page.get_by_test_id("stDataFrame").wait_for()
    shot(page, "indexing")  # three short files may be done before this
    page.get_by_role("button", name="Stop").wait_for(state="detached", timeout=90_000)
    shot(page, "indexed")

    page.get_by_role("link", name="Ask").click()
    page.get_by_text("3 documents").first.wait_for()
    box = page.get_by_placeholder("What would you like to know?")
    box.fill(QUESTION)
    box.press("Enter")
    page.locator("[data-complete]").wait_for()
    page.locator(".rl-sources").first.wait_for()
    assert "1962" in page.locator(".rl-answer").inner_text()
    page.locator(".rl-sources mark").first.wait_for()  # a word of the question
    shot(page, "answer")

    page.locator(".rl-answer .rl-cite").first.click()
    drawer = page.locator("[role=dialog]")
    drawer.locator("mark").first.wait_for()
    assert "Skerry Point & lamp.pdf" in drawer.inner_text()
    assert "page 3" in drawer.inner_text()
    assert "electrified" in " ".join(drawer.locator("mark").all_inner_texts())
    shot(page, "citation")
    page.keyboard.press("Escape")
    drawer.wait_for(state="detached")

    reranked = order(page)
    assert "late-interaction" in page.locator(".rl-slope").inner_text()
    page.get_by_role("combobox", name="Reranker").click()
    page.get_by_role("option", name="Reranker: none").click()
    page.get_by_text("Nothing moved").wait_for()
    fused = order(page)
    assert page.locator(".rl-question").inner_text() == QUESTION
    assert sorted(fused) == sorted(reranked)
    assert fused != reranked
    shot(page, "another-reranker")

    page.locator("[data-complete]").wait_for()
    with page.expect_download() as download:
        page.get_by_role("button", name="Trace").click()
    download.value.save_as(tmp_path / "trace.json")
    trace = traces.from_json((tmp_path / "trace.json").read_text("utf-8"))
    assert trace.question == QUESTION
    assert [stage.name for stage in trace.stages] == ["dense", "lexical", "fused", "reranked"]
    assert trace.answer is not None


def test_a_second_upload_of_the_same_bytes_says_so_and_a_bad_file_says_why(address, visit, files):
    page = visit(f"{address}/library")
    broken = files[0].with_name("broken.pdf")
    broken.write_bytes(files[0].read_bytes()[:200])
    page.locator("input[type=file]").set_input_files([files[1], broken])
    page.get_by_text("harbour.md: nothing to do").wait_for()
    page.get_by_role("button", name="Stop").wait_for(state="detached", timeout=90_000)
    page.get_by_text("failed").first.wait_for(state="attached")
    page.get_by_text("broken.pdf:").wait_for()
