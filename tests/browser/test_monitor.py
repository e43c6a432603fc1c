"""A question from the command line, one on the page, and what the page and /metrics say of both."""

import csv
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from playwright.sync_api import expect
from prometheus_client.parser import text_string_to_metric_families

from tests.browser.axe import violations
from tests.browser.conftest import ROOT, serving

NOTE = "The harbour office keeps a log of every ship. Green lamps mark the entrance.\n"


def ranklens(library, *words):
    done = subprocess.run(
        [sys.executable, "-m", "ui.cli", "--library", str(library), *words], cwd=ROOT, text=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1"}, capture_output=True, timeout=100, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


def metrics(address):
    with urllib.request.urlopen(f"{address}/metrics", timeout=20) as reply:
        text = reply.read().decode()
    families = text_string_to_metric_families(text)
    return text, {
        (s.name, *sorted(s.labels.values())): s.value for family in families for s in family.samples
    }


def _find(page, shot):
    """Search and filter the questions, and open the file in which no cell is a formula."""
    page.get_by_test_id("stMain").get_by_text("Questions", exact=True).first.click()
    rows = page.locator(".rl-table tbody tr")
    expect(rows).to_have_count(2)
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    text = Path(download.value.path()).read_text("utf-8")
    assert [row["question"] for row in csv.DictReader(text.splitlines())] == [
        "who keeps a log of ships?", "'=what marks the entrance?"
    ]  # fmt: skip
    page.get_by_label("Search").fill("SHIPS")
    page.get_by_label("Search").press("Enter")
    expect(rows).to_have_count(1)
    expect(rows.first).to_contain_text("up")  # its thumb
    assert violations(page) == []
    shot(page, "monitor-questions")
    page.reload()
    expect(rows).to_have_count(1)
    page.get_by_text("Figures", exact=True).first.click()
    page.get_by_text("The slowest").wait_for()


@pytest.fixture
def library(tmp_path):
    note = tmp_path / "harbour.md"
    note.write_text(NOTE, "utf-8")
    ranklens(tmp_path / "library", "ingest", str(note))
    ranklens(tmp_path / "library", "ask", "=what marks the entrance?")
    return tmp_path / "library"


def test_questions_of_both_ways_are_monitored(library, visit, shot):
    with serving("streamlit", "run", "app.py", RANKLENS_LIBRARY=str(library)) as address:
        _, before = metrics(address)
        assert ("ranklens_ranking_seconds_count",) in before
        page = visit(address)
        box = page.get_by_placeholder("What would you like to know?")
        box.fill("who keeps a log of ships?")
        box.press("Enter")
        page.locator("[data-complete]").wait_for()
        page.get_by_role("radio", name="Thumbs up").click()
        expect(page.get_by_role("radio", name="Thumbs up")).to_be_checked()
        page.goto(f"{address}/monitor")
        page.get_by_text("The slowest").wait_for()
        page.get_by_text("what marks the entrance?").first.wait_for()
        shot(page, "monitor")
        _find(page, shot)
        text, found = metrics(address)
        assert found["ranklens_logged_questions",] == 2
        assert found["ranklens_ranking_seconds_count",] == 1
        assert found["ranklens_stage_seconds_count", "reranked"] == 1
        assert found["ranklens_answers_total", "written"] == 1
        assert found["ranklens_recent_questions",] == 2
        assert "harbour" not in text
        assert "log of ships" not in text
        page.get_by_role("link", name="who keeps a log of ships?").click()
        page.wait_for_url("**/inspect?turn=1**")
