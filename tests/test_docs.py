"""The documents keep to the code: commands, options, settings, links and the map of files."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import typer.main

from rag.settings import PREFIX, Settings
from ui.cli.commands import app
from ui.cli.settings_page import markdown_page

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").rglob("*.md"))]
SOURCES = [p for name in ("rag", "ingest", "ui") for p in sorted((ROOT / name).rglob("*.py"))]
COMMANDS = typer.main.get_command(app).commands
by_name = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)


def code(text: str) -> Iterator[str]:
    """Every line of a code block and every piece of inline code."""
    for block in re.findall(r"^```\w*\n(.*?)^```", text, re.S | re.M):
        yield from block.splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.S | re.M))


def faults(line: str) -> list[str]:
    """What a `ranklens` or `make` line names that does not exist."""
    line = line.split("#")[0]
    if match := re.match(r"(?:\.venv/bin/)?ranklens ([a-z]+)", line):
        if match[1] not in COMMANDS:
            return [f"ranklens {match[1]}"]
        named = COMMANDS[match[1]]
        below = getattr(named, "commands", {}).values()
        known = {option for one in (named, *below) for p in one.params for option in p.opts}
        return [o for o in re.findall(r"(?<=\s)--?[a-z][a-z-]*", line) if o not in known]
    if match := re.match(r"make (?:[A-Z]+=\S+ )?([a-z]+)$", line.strip()):
        targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.M)
        return [] if match[1] in targets else [line]
    return []


@by_name
def test_commands_in_the_documents_exist(page: Path):
    assert [f for line in code(page.read_text("utf-8")) for f in faults(line)] == []


def test_commands_in_messages_exist():
    told = [line for p in SOURCES for line in re.findall(r"`([^`\n]+)`", p.read_text("utf-8"))]
    assert [f for line in told for f in faults(line)] == []
    assert any(line.startswith("ranklens reindex") for line in told)


@pytest.mark.parametrize("line", ["ranklens inject x", "ranklens ask --colour", "make tea"])
def test_a_wrong_command_is_found(line: str):
    assert faults(line)


def test_the_readme_names_every_command():
    named = set(re.findall(r"^ranklens ([a-z]+)", README, re.M))
    assert named == set(COMMANDS)


def test_the_settings_page_is_what_the_settings_say():
    written = (ROOT / "docs" / "settings.md").read_text("utf-8")
    assert written == markdown_page(), "write it again: ranklens settings --markdown"


@by_name
def test_options_in_the_documents_exist(page: Path):
    names = set(re.findall(PREFIX + r"([A-Z_]+)", page.read_text("utf-8"))) - {"CONFIG", "…"}
    options = {name.lower().removesuffix("_file") for name in names}
    assert options <= set(Settings.model_fields)


@by_name
def test_links_lead_somewhere(page: Path):
    text = page.read_text("utf-8")
    targets = re.findall(r"\]\(([^)#\s]+)[^)]*\)", text)
    local = [t for t in targets if not t.startswith(("http://", "https://", "mailto:"))]
    assert [t for t in local if not (page.parent / t).exists()] == []


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.S | re.M)
    found: set[str] = set()
    for heading in re.findall(r"^#+ (.+?)\s*$", text, re.M):
        plain = re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).lower()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        same = sum(re.fullmatch(re.escape(name) + r"(-\d+)?", one) is not None for one in found)
        found.add(f"{name}-{same}" if same else name)
    return found


@by_name
def test_links_lead_to_sections_that_exist(page: Path):
    links = re.findall(r"\]\(([^)#\s:]*)#([^)\s]+)\)", page.read_text("utf-8"))
    missing = [
        f"{target}#{anchor}"
        for target, anchor in links
        if anchor not in anchors(page.parent / target if target else page)
    ]
    assert missing == []


def test_the_readme_names_every_page():
    pages = {f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")}
    row = next(line for line in README.splitlines() if line.startswith("| `docs/` |"))
    assert pages - set(re.findall(r"\((docs/[\w-]+\.md)\)", row)) == set()


def test_the_map_names_what_is_there():
    section = README.split("## The map")[1].split("### ")[0]
    paths = re.findall(r"`([\w./]+)`", section)
    assert len(paths) > 10
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_paths_in_the_documents_exist():
    """A path is inline code with a slash and a known folder in front."""
    pattern = r"`((?:rag|ingest|ui|tests|docs|benchmarks)/[\w./-]+)`"
    missing = [
        f"{page.name}: {path}"
        for page in PAGES
        for path in re.findall(pattern, page.read_text("utf-8"))
        if not (ROOT / path).exists()
    ]
    assert missing == []


def test_the_example_reranker_works():
    from rag.rerank.base import Entry

    (source,) = re.findall(r"^```python\n(class .*?)^```", README, re.S | re.M)
    names = {"Sequence": Sequence, "Entry": Entry}
    exec(source, names)
    (line,) = re.findall(r"`(Entry\(.*\))`", README)
    reranker = eval(line, names).build(None)
    assert reranker.score("red moon", ["the moon is red", "mars"]) == [2.0, 0.0]


def test_the_changelog_knows_the_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert f"## [{version}]" in changelog or "## [Unreleased]" in changelog


def test_constraints_pin_every_dependency_and_hold_no_address():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(line for extra in extras for line in extra)]
    lines = (ROOT / "constraints.txt").read_text("utf-8").splitlines()
    pins = [line for line in lines if not line.startswith("#")]
    assert all(re.fullmatch(r"[\w.-]+==[\w.]+", line) for line in pins)
    pinned = {_normal(line.split("==")[0]) for line in pins}
    assert {_normal(re.match(r"[\w.-]+", line)[0]) for line in wanted} <= pinned
    assert "torch==2.13.0" in pins


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
