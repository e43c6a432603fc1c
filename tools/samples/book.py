"""An EPUB 3 book with one file a chapter."""

from __future__ import annotations

from html import escape
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup

from . import archive
from .source import read, sections

TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    trim_blocks=True,
    keep_trailing_newline=True,
    finalize=lambda value: Markup(escape(str(value))),  # quotes in the form of the book in Git
)


def build(source: str, title: str, target: Path) -> None:
    """Write a book; every heading of level 1 in `source` starts a chapter."""
    parts = sections(read(source), 1)
    chapters = {f"chapter-{number}": blocks for number, blocks in enumerate(parts, 1)}
    package = {"name": target.stem, "title": title, "moment": archive.MOMENT, "chapters": chapters}
    members = {
        "mimetype": b"application/epub+zip",
        "META-INF/container.xml": _filled("container.xml"),
        "OEBPS/content.opf": _filled("content.opf", **package),
        "OEBPS/nav.xhtml": _filled("nav.xhtml", title="Contents", chapters=chapters),
    }
    for name, blocks in chapters.items():
        page = _filled("page.xhtml", title=blocks[0].text, blocks=blocks)
        members[f"OEBPS/{name}.xhtml"] = page
    archive.write(target, members.items())


def _filled(template: str, **values: Any) -> bytes:
    return TEMPLATES.get_template(template).render(values).encode()
