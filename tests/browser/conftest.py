"""Real servers on free ports and a real browser; every wait is bounded."""

import shutil
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect, sync_playwright

from tests.servers.page import ROOT, free_port, serving, wait_for

__all__ = ["ROOT", "free_port", "serving", "wait_for"]

ARTIFACTS = ROOT / "test-artifacts"
WAIT = 60_000  # milliseconds: a machine may be busy with the other parts of the suite
expect.set_options(timeout=WAIT)
# Whether the page or its main part, which scrolls by itself, can be moved sideways.
WIDER = """() => [document.documentElement, document.querySelector("[data-testid=stMain]")]
  .some(part => part && part.scrollWidth > part.clientWidth)"""
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]


def pytest_collection_modifyitems(items):
    for item in items:
        if "browser" in item.path.parts:
            item.add_marker(pytest.mark.browser)
            if not item.get_closest_marker("timeout"):
                item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="session")
def browser():
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def visit(browser):
    """Return a function that opens an address; fails the test if the page asks anyone else.

    So does a script that runs and whatever the content policy of ui/guard.py forbids.
    """
    contexts, outside = [], []

    def note(request):
        host = urlsplit(request.url).hostname
        if host not in ("127.0.0.1", None) and not request.url.startswith(("data:", "blob:")):
            outside.append(request.url)

    def listen(message):
        if "Content Security Policy" in message.text:
            outside.append(message.text)

    def open_page(address, width=1280, height=900, dark=False):
        scheme = "dark" if dark else "light"
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.on("request", note)
        page.on("console", listen)
        page.on("dialog", lambda dialog: outside.append(f"a script ran: {dialog.message}"))
        page.goto(address)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert outside == []


@pytest.fixture
def shot():
    """Return a function that keeps a picture of a page among the test's artefacts."""
    ARTIFACTS.mkdir(exist_ok=True)

    def take(page, name):
        page.screenshot(path=ARTIFACTS / f"{name}.png", animations="disabled")

    return take
