"""From the command to a page that answers: ``python -m benchmarks.start``.

Starts the page over the sample documents several times, each in a new process, and opens it in
headless Chromium: until the server answers, until the question can be typed, until a question typed
then has its answer. The first start is not counted: it indexes the documents and writes the files
that later starts find. Memory is the server's largest (VmHWM) once it has answered.
"""

from __future__ import annotations

import argparse
import re
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from benchmarks._report import about_the_run, table, write
from benchmarks._server import fill, serving, wait_for

FLAGS = ["--no-sandbox", "--disable-background-networking", "--disable-component-update"]
QUESTION = "When did Voyager 1 cross the heliopause?"
PATIENCE = 120
COLUMNS = ("server answers", "question can be typed", "answered")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="into docs/performance.md")
    options = parser.parse_args()
    program = shutil.which("chromium")
    if program is None:
        sys.exit("chromium is not installed (apt-get install chromium)")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        fill(Path(folder))
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        runs = [once(browser, Path(folder)) for _ in range(options.starts + 1)][1:]
        browser.close()
    columns = list(zip(*runs, strict=True))
    rows = [
        (name, f"{statistics.median(times):.1f}", f"{max(times):.1f}")
        for name, times in zip(COLUMNS, columns[:3], strict=True)
    ]
    parts = [
        about_the_run(),
        table(("seconds from the command", "median", "most"), rows),
        f"{options.starts} starts. The server took at most {max(columns[3]):.0f} MB.",
    ]
    print("\n\n".join(parts))
    if options.write:
        write("start", "\n\n".join(parts))


def once(browser: Browser, library: Path) -> tuple[float, float, float, float]:
    """Return seconds until each of `COLUMNS`, and the server's largest memory in MB."""
    page = browser.new_page()
    page.set_default_timeout(PATIENCE * 1000)
    with serving(library) as (server, address, started):
        wait_for(f"{address}/_stcore/health")
        up = time.perf_counter() - started
        page.goto(address)
        box = page.get_by_test_id("stChatInput").locator("textarea")
        box.wait_for()
        shown = time.perf_counter() - started
        box.fill(QUESTION)
        box.press("Enter")
        page.locator(".rl-cite").first.wait_for()
        answered = time.perf_counter() - started
        status = Path(f"/proc/{server.pid}/status")
        peak = re.search(r"VmHWM:\s+(\d+) kB", status.read_text()) if status.exists() else None
        page.close()
    return up, shown, answered, int(peak[1]) / 1024 if peak else 0.0


if __name__ == "__main__":
    main()
