"""Citations opened in the real page: PDFs, tables, slides and hostile documents."""

import re
from pathlib import Path

import pytest

from rag.settings import Settings
from ranklens.library import Library
from tests.browser.conftest import ROOT, WIDER, serving
from tests.browser.test_looks import CONTRAST
from tests.browser.test_measure import settled
from tests.ingest.build import pdf

SAMPLES = ROOT / "sample_docs"
NAMES = ("voyager-grand-tour.pdf", "space-telescopes.pptx", "missions.csv", "comets.txt")
LONG = "Quetzalcoatlus" * 60
HOSTILE = {
    "![pixel](http://evil.example/name.png) <img src=x onerror=alert(0)>.md": (
        "# Zanzibar <script>alert(1)</script>\n\nThe zanzibar lighthouse "
        "<img src=x onerror=alert(2)> ![p](http://evil.example/p.png) [click](javascript:alert(3)) "
        "stands [1] [2] [99] on a rock."
        "\n\n```\n<script>alert(4)</script>\n```\n\n| zanzibar | lamp |\n|--|--|\n| <b>x</b> | "
        "<iframe src='http://evil.example/'></iframe> |\n"
    ),
    "quokka.html": (
        "<h1>Quokka &lt;script&gt;alert(5)&lt;/script&gt;</h1><p>The quokka reserve is open. "
        "&lt;svg onload=alert(6)&gt; &lt;/p&gt;&lt;/div&gt;"
        "&lt;style&gt;*{display:none}&lt;/style&gt; "
        "<a href='javascript:alert(7)'>press</a><img src='http://evil.example/q.png'></p>"
    ),
    "yttrium.csv": (
        'yttrium,note\nore,"<img src=http://evil.example/c.png onerror=alert(8)>; x: y"\n'
        f"mine,{LONG}\n"
    ),
    "walrus.txt": (
        f"The walrus pool \u202eesrever si txet siht\u202c has {LONG} litres.\n\n"
        "\u2067\u202d<script>alert(9)</script>\u0000\u200f The walrus eats clams [3].\n"
    ),
}
QUESTIONS = ("zanzibar lighthouse", "quokka reserve", "yttrium ore", "walrus pool")


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    folder = tmp_path_factory.mktemp("library")
    source = tmp_path_factory.mktemp("hostile") / "file"
    with Library.open(Settings(library=folder)) as library:
        for name in NAMES:
            library.enqueue(SAMPLES / name)
        for name, text in HOSTILE.items():
            source.write_text(text, "utf-8")
            library.enqueue(source, name)
        source.write_bytes(pdf(password="secret"))
        library.enqueue(source, "locked.pdf", "secret")
        outcomes = library.work()
    assert {outcome.status for outcome in outcomes} == {"added"}
    with serving("streamlit", "run", "app.py", RANKLENS_LIBRARY=str(folder)) as address:
        yield address


def ask(page, question):
    box = page.get_by_placeholder(re.compile("What would you like|Ask a follow-up"))
    box.fill(question)
    box.press("Enter")
    page.locator("[data-complete]").last.wait_for()
    page.locator(".rl-sources").first.wait_for()


def open_first(page):
    drawer = page.locator("[role=dialog]")
    page.locator(".rl-answer .rl-cite").first.click()
    drawer.locator("mark").first.wait_for(state="attached")
    return drawer


@pytest.mark.parametrize(("width", "dark"), [(1280, False), (800, True)])
def test_a_citation_of_a_pdf_shows_its_marked_page(address, visit, shot, width, dark):
    page = visit(address, width, dark=dark)
    ask(page, "When did Voyager 1 take the family portrait?")
    drawer = open_first(page)
    picture = drawer.locator(".rl-page img")
    picture.wait_for()
    assert picture.evaluate("image => image.complete && image.naturalWidth") > 1000
    assert "14 February 1990" in " ".join(drawer.locator("mark.quote").all_inner_texts())
    settled(page)  # the drawer has come in
    sheet, quote = picture.bounding_box(), drawer.locator("mark.quote").first.bounding_box()
    assert sheet["x"] < quote["x"] < sheet["x"] + sheet["width"]
    assert 0 < quote["y"] < 900  # in sight
    assert page.evaluate(CONTRAST) == []
    assert not page.evaluate(WIDER)
    shot(page, f"marked-page-{width}-{'dark' if dark else 'light'}")


BEFORE_THE_FIRST_CHIP = """answer => {
    const range = document.createRange();
    range.setStart(answer, 0);
    range.setEndBefore(answer.querySelector(".rl-cite"));
    return range.toString();
}"""


# The drawer leaves the whole answer in sight.
BESIDE = """() => {
    const [drawer, answer] = ["[role=dialog]", ".rl-answer"].map((name) =>
        document.querySelector(name).getBoundingClientRect());
    return answer.right <= drawer.left && answer.width > 250;
}"""


def test_the_best_sentence_of_an_answer_is_marked_in_the_drawer(address, visit, shot):
    page = visit(address)
    ask(page, "How much of the light does the nucleus of Halley's comet reflect?")
    first = page.locator(".rl-answer").last.evaluate(BEFORE_THE_FIRST_CHIP)
    sentence = " ".join(first.split(" — ")[-1].split())
    assert "four per cent" in sentence
    drawer = open_first(page)
    marked = [" ".join(text.split()) for text in drawer.locator("mark").all_inner_texts()]
    assert sentence in marked
    assert len(" ".join(marked)) < len(drawer.locator(".rl-context").first.inner_text()) / 2
    shot(page, "marked-sentence")
    for width in (1280, 1100):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(BESIDE)
        assert 0 < drawer.locator("mark").first.bounding_box()["y"] < 900  # in sight
        assert 0 <= drawer.locator(".rl-where").bounding_box()["y"] < 200
    shot(page, "marked-sentence-1100")


def test_pages_can_be_turned_and_the_file_taken_along(address, visit, tmp_path):
    page = visit(address)
    ask(page, "When did Voyager 1 take the family portrait?")
    drawer = open_first(page)
    drawer.get_by_text("page 2 of 3").wait_for()
    drawer.get_by_role("button", name="Next", exact=True).click()
    drawer.get_by_text("page 3 of 3").wait_for()
    drawer.get_by_role("img", name=re.compile("Page 3 of")).wait_for()
    assert drawer.locator("mark").count() == 0
    assert drawer.get_by_role("button", name="Next", exact=True).is_disabled()
    drawer.get_by_role("button", name="Back to the passage").click()
    drawer.get_by_text("page 2 of 3").wait_for()
    drawer.locator("mark.quote").first.wait_for()
    with page.expect_download() as download:
        drawer.get_by_role("button", name="Original file").click()
    assert download.value.suggested_filename == "voyager-grand-tour.pdf"
    assert Path(download.value.path()).read_bytes() == (SAMPLES / NAMES[0]).read_bytes()


def test_a_slide_and_a_row_are_shown_as_what_they_are(address, visit, shot):
    page = visit(address)
    ask(page, "How large is the mirror of the Webb telescope? @telescopes")
    assert "space-telescopes.pptx" in page.locator(".rl-within").first.inner_text()
    drawer = open_first(page)
    drawer.locator(".rl-slide").wait_for()
    assert "slide" in drawer.inner_text()
    shot(page, "slide")
    page = visit(address)
    ask(page, "Which agency launched Venera 7? @missions.csv")
    drawer = open_first(page)
    heads = drawer.locator(".rl-rows th").all_inner_texts()
    assert "agency" in heads
    assert "Soviet Union" in " ".join(drawer.locator("tr.in").all_inner_texts())
    shot(page, "row")


def test_an_encrypted_pdf_shows_its_page_with_its_password(address, visit, shot):
    page = visit(address, 800)
    ask(page, "How many moons does Mars have? @locked.pdf")
    drawer = open_first(page)
    assert drawer.locator(".rl-page").count() == 0
    field = drawer.get_by_label("Password of this file")
    for password in ("wrong", "secret"):
        field.fill(password)
        drawer.get_by_role("button", name="Show the page").click()
        if password == "wrong":
            drawer.get_by_text("That password does not open it").wait_for()
    drawer.locator(".rl-page img").wait_for()
    drawer.locator(".rl-page mark.quote").first.wait_for(state="attached")
    assert field.count() == 0
    shot(page, "unlocked-page")
    page.keyboard.press("Escape")
    drawer.wait_for(state="detached")
    open_first(page).locator(".rl-page img").wait_for()  # not asked twice in a session


@pytest.mark.parametrize("question", QUESTIONS)
def test_hostile_documents_stay_text(address, visit, shot, question):
    page = visit(address, 800)
    ask(page, question)
    chips = page.locator(".rl-answer .rl-cite, .rl-sources .rl-cite")
    chips.first.click()
    drawer = page.locator("[role=dialog]")
    drawer.locator(".rl-context").first.wait_for()
    settled(page)
    body = drawer.inner_text()
    assert question.split()[0] in body.lower()
    assert not re.search("[\u202a-\u202e\u2066-\u2069]", page.locator("body").inner_text())
    outside = "script[src*=evil], img[src*=evil], img[src=x], iframe, a[href*=evil], [onerror]"
    assert page.locator(outside).count() == 0
    assert page.locator("a[href^='javascript']").count() == 0
    assert not page.evaluate(WIDER)
    wide = "e => e.scrollWidth > e.clientWidth + 1"
    assert not drawer.evaluate(wide)
    shot(page, f"hostile-{question.split()[0]}")
    page.keyboard.press("Escape")
    drawer.wait_for(state="detached")
    assert page.locator(".rl-question").first.is_visible()


def test_hostile_names_stay_text(address, visit, shot):
    page = visit(address)
    page.get_by_role("button", name="All documents").click()
    control = page.get_by_role("combobox", name="Documents")
    control.click()
    page.get_by_role("option").filter(has_text="evil").click()
    page.keyboard.press("Escape")
    ask(page, "lighthouse")
    assert "![pixel](http://evil.example/name.png)" in page.locator(".rl-within").inner_text()
    assert page.locator("img[src*=evil], a[href*=evil], img[src=x]").count() == 0
    assert not page.evaluate(WIDER)
    shot(page, "hostile-name")
