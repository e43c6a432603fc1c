"""HTML: what a reader of the page would see, without scripts, navigation and hidden parts."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

from bs4 import BeautifulSoup, Tag, XMLParsedAsHTMLWarning
from bs4.element import NavigableString, PreformattedString

from ingest.loaders.base import Block, Page, block, one_line
from ingest.loaders.decode import decode
from ingest.loaders.html_table import table_blocks
from rag.errors import DocumentError

HIDDEN = frozenset({
    "script", "style", "template", "noscript", "nav", "svg", "iframe", "object", "head", "button",
    "select", "input", "textarea", "dialog", "canvas", "audio", "video", "map",
})  # fmt: skip
BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "body", "caption", "center", "dd", "details",
    "div", "dl", "dt", "fieldset", "figcaption", "figure", "footer", "form", "header", "hr",
    "html", "legend", "main", "p", "section", "summary", "tbody", "td", "tfoot", "th", "thead",
    "tr", "li", "ul", "ol", "table", "pre", "h1", "h2", "h3", "h4", "h5", "h6",
})  # fmt: skip
INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
CHARSET = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([\w-]+)""", re.I)


def load(path: Path, password: str = "") -> list[Page]:
    """Return the page's content; raises `DocumentError` where there is none to see."""
    data = path.read_bytes()
    return [Page(None, tuple(html_blocks(_decoded(data))))]


def html_blocks(markup: str) -> list[Block]:
    """Return the blocks of an HTML document or a piece of one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(markup, "lxml")
    try:
        walker = _Walker()
        walker.walk(soup)
        walker.flush()
    except RecursionError:
        raise DocumentError("its elements are nested too deeply to read") from None
    title = one_line(soup.title.get_text()) if soup.title else ""
    first = next((b.text for b in walker.blocks if b.kind == "heading"), "")
    named = block(title, "heading", 1) if title and title != first else []
    return named + walker.blocks if walker.blocks else []


def _decoded(data: bytes) -> str:
    declared = CHARSET.search(data[:4096])
    if declared and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        try:
            return data.decode(declared[1].decode())
        except (LookupError, UnicodeDecodeError):
            return decode(data)
    return decode(data)


class _Walker:
    """Walks the tree in order; inline text gathers until a block element ends it."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._inline: list[str] = []

    def flush(self) -> None:
        lines = (one_line(line) for line in "".join(self._inline).split("\n"))
        self.blocks += block("\n".join(line for line in lines if line))
        self._inline = []

    def walk(self, node: Tag) -> None:
        for child in node.children:
            if isinstance(child, Tag):
                if not is_hidden(child):
                    self._tag(child)
            elif isinstance(child, NavigableString) and not isinstance(child, PreformattedString):
                self._inline.append(re.sub(r"\s", " ", child))

    def _tag(self, tag: Tag) -> None:
        if tag.name == "br":
            self._inline.append("\n")
        elif tag.name in BLOCKS:
            self.flush()
            self._block(tag)
            self.flush()
        else:
            self.walk(tag)

    def _block(self, tag: Tag) -> None:
        if re.fullmatch("h[1-6]", tag.name):
            self.blocks += block(one_line(tag.get_text(" ")), "heading", int(tag.name[1]))
        elif tag.name == "pre":
            self.blocks += block(tag.get_text().strip("\n"), "code")
        elif tag.name in ("ul", "ol") and not tag.find(["table", "pre", "h1", "h2", "h3", "h4"]):
            self.blocks += block("\n".join(_items(tag)))
        elif tag.name == "table" and (rows := table_blocks(tag)) is not None:
            self.blocks += rows
        else:
            self.walk(tag)


def is_hidden(tag: Tag) -> bool:
    """Tell what a reader does not see, or sees on every page of a site."""
    if tag.name in HIDDEN or tag.has_attr("hidden") or tag.get("aria-hidden") == "true":
        return True
    return tag.get("role") == "navigation" or bool(INVISIBLE.search(str(tag.get("style", ""))))


def _items(listing: Tag, depth: int = 0) -> list[str]:
    lines: list[str] = []
    items = [i for i in listing.find_all("li", recursive=False) if not is_hidden(i)]
    for number, item in enumerate(items, 1):
        inner = [sub for sub in item.find_all(["ul", "ol"]) if sub.find_parent("li") is item]
        for sub in inner:
            sub.extract()
        sign = f"{number}." if listing.name == "ol" else "-"
        if text := one_line(item.get_text(" ")):
            lines.append("  " * depth + f"{sign} {text}")
        for sub in inner:
            lines += _items(sub, depth + 1)
    return lines
