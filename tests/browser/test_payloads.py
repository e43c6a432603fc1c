"""Payloads in every text that others write, on every page, in the report and in every export.

The browser ignores the content policy here (`bypass_csp`): what is shown must be harmless itself.
"""

import csv
import io
import json
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit

import pytest
from markdown_it import MarkdownIt
from playwright.sync_api import expect

from tests.browser.conftest import serving
from tests.browser.hostile_library import ALL, PAYLOADS, build
from tests.browser.test_measure import settled
from tests.browser.test_settings import base_url
from tests.servers.openai_server import OpenAIServer, Reply

BROUGHT = "<img src=x onerror=alert(17)>"
LEFT_BEHIND = Path(__file__).with_name("payloads.js").read_text("utf-8")
# All text of the page, shadow roots and fields included.
SHOWN = """() => {
  const texts = [document.body.textContent];
  for (const e of document.querySelectorAll('input, textarea, [title]'))
    texts.push(e.value || '', e.title || '');
  return texts.join(' ');
}"""


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    return build(tmp_path_factory.mktemp("payloads") / "library")


@pytest.fixture(scope="module")
def folder(made, tmp_path_factory):
    return made and next(tmp_path_factory.getbasetemp().glob("payloads*/library"))


@contextmanager
def watched(browser):
    """Open a page without a content policy; yields it and what fires on it."""
    fired = []
    context = browser.new_context(bypass_csp=True, viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.set_default_timeout(30_000)

    def asked(request):
        if urlsplit(request.url).hostname == "evil.example":
            fired.append(request.url)

    def dialog(shown):
        fired.append(f"alert({shown.message})")
        shown.dismiss()

    page.on("request", asked)
    page.on("dialog", dialog)
    try:
        yield page, fired
    finally:
        context.close()


def assert_harmless(page, fired, where):
    assert page.evaluate(LEFT_BEHIND) == [], where
    assert fired == [], where


@pytest.mark.parametrize("payload", PAYLOADS[:-1], ids=range(1, len(PAYLOADS)))
def test_each_payload_fires_where_nothing_escapes_it(browser, payload):
    """The control: the same page and the same look-out find every payload that is read as HTML."""
    as_html = MarkdownIt("commonmark", {"html": True}).render(payload)
    with watched(browser) as (page, fired):
        page.set_content(f"<p>{payload}</p><p title='{payload}'>{as_html}</p>")
        page.wait_for_timeout(100)
        # The last two are for others than a browser: KaTeX, and a template that is filled in twice.
        assert fired or page.evaluate(LEFT_BEHIND) or "href{" in payload or "{{" in payload


def views(made):
    """Every page and view: its address, and the names of the views to choose on it."""
    chat = f"?chat={made['chat']}"
    yield chat, ("Scores", "Latency", "Before → after")
    yield f"?chat={quote(PAYLOADS[1])}", ()
    yield "library", ()
    yield f"inspect?turn={quote(PAYLOADS[1])}", ("The pool", "Two traces", "A passage")
    yield "compare", ("Saved pipelines", "Blind vote")
    yield "judge", ("Questions", "Proposals", "From a model", "Judgements")
    yield "measure", ()
    yield "monitor", ()
    yield "settings", ()
    yield "models", ()


@pytest.fixture(scope="module")
def model():
    """A model's server whose models have hostile names."""
    with OpenAIServer(key="", models=PAYLOADS) as server:
        yield server


@pytest.fixture(scope="module")
def address(folder, model):
    given = {
        "RANKLENS_LIBRARY": str(folder),
        "RANKLENS_LLM_MODEL": PAYLOADS[1],
        "RANKLENS_LLM_BASE_URL": model.url,
    }
    with serving("streamlit", "run", "app.py", **given) as address:
        yield address


def test_no_page_runs_what_others_wrote(browser, made, address):
    with watched(browser) as (page, fired):
        for path, chosen in views(made):
            page.goto(f"{address}/{path}")
            for view in ("", *chosen):
                if view:
                    page.get_by_text(view, exact=True).first.click()
                    settled(page)
                if view or path not in ("compare", "models"):  # which begin with nothing of others
                    page.wait_for_function(f"({SHOWN})().includes('alert(')", timeout=15_000)
                settled(page)
                assert_harmless(page, fired, f"{path} {view}")


def test_no_answer_runs_nor_does_what_opens_beside_it(browser, made, address, model):
    with watched(browser) as (page, fired):
        _answer(page, fired, address, model)
        _drawer(page, fired, address, made)
        _compared(page, fired, address)
        _uploads(page, fired, address, made)
        _models(page, fired, address, model)


def _answer(page, fired, address, model):
    """Ask, and be answered in pieces, with thinking; then with an error."""
    model.script(Reply([f"<think>{ALL}</think>", *(f"{p} [1] " for p in PAYLOADS)]))
    model.script(Reply(status=400, error={"error": {"message": ALL, "type": ALL}}))
    for number in (1, 2):
        page.goto(address)
        box = page.get_by_test_id("stChatInputTextArea").last
        box.fill(f"comet {ALL}"[:900])
        box.press("Enter")
        page.locator("[data-complete]").last.wait_for(state="attached")
        settled(page)
        assert_harmless(page, fired, f"answer {number}")


def _drawer(page, fired, address, made):
    page.goto(f"{address}/?chat={made['chat']}")
    page.locator(".rl-cite").last.click()
    page.locator("[role=dialog] .rl-where").wait_for()
    settled(page)
    assert_harmless(page, fired, "drawer")


def _compared(page, fired, address):
    page.goto(f"{address}/compare")
    box = page.get_by_test_id("stMain").get_by_role("combobox").first
    box.click()
    box.fill(f"comet {PAYLOADS[1]}")
    page.get_by_role("option").filter(has_text=PAYLOADS[1]).first.click()
    page.get_by_test_id("stMain").get_by_role("button", name="Compare").click()
    page.locator(".rl-bump .node").first.wait_for()
    settled(page)
    assert_harmless(page, fired, "compared")


def _uploads(page, fired, address, made):
    """Bring files with hostile names: a broken one, faulty rows, a trace."""

    def bring(name, text):
        settled(page)
        file = {"name": name, "mimeType": "text/plain", "buffer": text.encode()}
        page.locator("input[type=file]").first.set_input_files(file)
        page.wait_for_function(f"({SHOWN})().includes({json.dumps(name)})")
        settled(page)
        assert_harmless(page, fired, f"{name} brought")

    page.goto(f"{address}/library")
    bring(f"{BROUGHT}.pdf", "%PDF-1.4")
    page.goto(f"{address}/judge")
    page.get_by_text("Questions", exact=True).first.click()
    bring(
        f"{BROUGHT}.csv", f"question,document,quote\n,{BROUGHT},x\n{BROUGHT},{BROUGHT},{BROUGHT}\n"
    )
    page.goto(f"{address}/inspect")
    page.get_by_role("button", name="Open a file").click()
    bring(f"{BROUGHT}.json", made["trace.json"])


def _models(page, fired, address, model):
    page.set_viewport_size({"width": 1280, "height": 1400})  # the list opens below its box
    page.goto(f"{address}/settings")
    page.get_by_role("combobox", name="Provider").click()
    page.get_by_role("option", name="Another address").click()
    base_url(page).fill(model.url)
    base_url(page).press("Enter")
    settled(page)
    page.get_by_role("button", name="Test the connection").click()
    page.get_by_text("Connected").wait_for()
    settled(page)
    box = page.get_by_role("combobox", name="Model", exact=True)
    expect(box).not_to_have_value("")
    box.click()
    page.get_by_role("option").first.wait_for()
    assert_harmless(page, fired, "names of models")


def test_the_report_and_the_conversation_are_harmless_elsewhere(browser, made, tmp_path):
    path = tmp_path / "report.html"
    path.write_text(made["report.html"], "utf-8")
    with watched(browser) as (page, fired):
        page.goto(path.as_uri())
        assert "alert(" in page.evaluate(SHOWN)
        assert_harmless(page, fired, "report")
    as_html = MarkdownIt("commonmark", {"html": True}).render(made["chat.md"])
    with watched(browser) as (page, fired):
        page.set_content(as_html)
        page.wait_for_timeout(300)
        assert "alert(" in page.evaluate(SHOWN)
        assert_harmless(page, fired, "conversation as Markdown")


@pytest.mark.parametrize("name", ["votes.csv", "judgements.csv"])
def test_no_cell_is_a_formula(made, name):
    rows = list(csv.reader(io.StringIO(made[name])))
    assert any("HYPERLINK" in cell for row in rows for cell in row)
    for row in rows:
        assert not [cell for cell in row if cell.lstrip()[:1] in ("=", "+", "-", "@")]
