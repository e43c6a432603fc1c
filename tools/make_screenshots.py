"""Take the pictures in docs/images from the real page over the sample documents.

    python -m tools.make_screenshots

Starts `ranklens run` on a library of its own and drives it in headless Chromium.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
QUESTION = "What did the alarms 1202 and 1201 mean?"
JUDGED = "Which instrument made oxygen on Mars, and how much?"
STARTING = 10  # tries to connect, the pauses doubling: 4 minutes
SETTLED_MS = 3_000  # charts and tables are drawn a moment after their page


def main() -> None:
    """Serve, look, save."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "ui.cli", "run", "--samples", "sample_docs"]
        command += ["--port", str(port), "--library", folder]
        environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
        server = subprocess.Popen(command, cwd=ROOT, env=environment)
        try:
            address = f"http://127.0.0.1:{port}"
            with httpx.Client(
                transport=httpx.HTTPTransport(retries=STARTING), timeout=60
            ) as client:
                client.get(f"{address}/_stcore/health").raise_for_status()
            _shoot(address)
        finally:
            server.terminate()
            server.wait(30)


def _shoot(address: str) -> None:
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.set_default_timeout(120_000)
        page.goto(address)
        _ask(page)
        _save(page, "ask")
        page.get_by_test_id("stMain").get_by_role("link", name="Inspect").click()
        page.get_by_text("Exact decomposition").wait_for()
        _save(page, "inspect")
        _compare(page, address)
        _measure(page, address)
        for name in ("library", "judge", "monitor", "settings", "models"):
            page.goto(f"{address}/{name}")
            page.get_by_role("heading", level=1).wait_for()
            _save(page, name)
        browser.close()


def _ask(page: Page) -> None:
    box = page.get_by_role("textbox").first
    box.fill(QUESTION)
    box.press("Enter")
    page.locator("[data-complete]").wait_for()


def _compare(page: Page, address: str) -> None:
    page.goto(f"{address}/compare")
    page.get_by_role("combobox", name="Question").fill(JUDGED)
    page.keyboard.press("Enter")
    page.get_by_test_id("stMain").get_by_role("button", name="Compare").click()
    page.get_by_text("rises").first.wait_for()
    _save(page, "compare")


def _measure(page: Page, address: str) -> None:
    page.goto(f"{address}/measure")
    page.get_by_test_id("stMain").get_by_role("button", name="Measure").click()
    page.get_by_text("Every comparison").wait_for()
    _save(page, "measure")
    with page.expect_download() as download, tempfile.TemporaryDirectory() as folder:
        page.get_by_role("button", name="Report").click()
        report = Path(folder) / "report.html"
        download.value.save_as(report)
        page.goto(report.as_uri())
        _save(page, "report")


def _save(page: Page, name: str) -> None:
    page.wait_for_timeout(SETTLED_MS)
    page.screenshot(path=IMAGES / f"{name}.png", animations="disabled")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    main()
