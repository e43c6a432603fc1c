"""HTML: what a reader of the page would see, without scripts, navigation and hidden parts."""

from __future__ import annotations

import re
import warnings
from collections.abc import Sequence
from pathlib import Path

from bs4 import BeautifulSoup, Tag, XMLParsedAsHTMLWarning
from bs4.element import CData, NavigableString, PreformattedString

from ingest.loaders.base import Block, Page, are_names, block, one_line, row
from ingest.loaders.decode import decode
from ingest.loaders.faults import NESTED
from ingest.loaders.options import LoadOptions
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
IN_LISTS = ("table", "pre", "h1", "h2", "h3", "h4")  # a list that holds one is no plain list
IN_TABLES = ("table", "h1", "h2", "h3", "ul", "ol", "pre")  # such a table only lays out
INVISIBLE = re.compile(r"display\s*:\s*none|visibility\s*:\s*hidden", re.I)
SHOWN = (NavigableString, CData)  # and none of their kinds, such as comments and scripts
WIDEST_SPAN = 100
CHARSET = re.compile(rb"""<meta[^>]+charset\s*=\s*["']?\s*([\w-]+)""", re.I)


def load(path: Path, options: LoadOptions) -> list[Page]:
    """Return the page's content; raises `DocumentError` if there is none to see."""
    data = path.read_bytes()
    return [Page(None, tuple(html_blocks(decoded(data))))]


def html_blocks(markup: str) -> list[Block]:
    """Return the blocks of an HTML document or a piece of one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", XMLParsedAsHTMLWarning)
        soup = BeautifulSoup(markup, "lxml")
    try:
        walker = _Walker(soup)
        walker.walk(soup)
        walker.flush()
    except RecursionError:
        raise DocumentError(NESTED) from None
    title = one_line(soup.title.get_text()) if soup.title else ""
    first = next((b.text for b in walker.blocks if b.kind == "heading"), "")
    named = block(title, "heading", 1) if title and title != first else []
    return named + walker.blocks if walker.blocks else []


def decoded(data: bytes) -> str:
    """Return the text of bytes that may declare their encoding."""
    declared = CHARSET.search(data[:4096])
    if declared and not data.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        try:
            return data.decode(declared[1].decode())
        except (LookupError, UnicodeDecodeError):
            return decode(data)
    return decode(data)


class _Walker:
    """Walks the tree in order; inline text gathers until a block element ends it."""

    def __init__(self, soup: Tag) -> None:
        self._holding = holding(soup, IN_LISTS)
        self._laying_out = holding(soup, IN_TABLES)
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
        elif tag.name in ("ul", "ol") and id(tag) not in self._holding:
            self.blocks += block("\n".join(_items(tag)))
        elif tag.name == "table" and id(tag) not in self._laying_out:
            self.blocks += _table_blocks(tag)
        else:
            self.walk(tag)


def holding(soup: Tag, names: Sequence[str]) -> set[int]:
    """Return the ids of the elements that hold one of these names."""
    found: set[int] = set()
    for tag in soup.find_all(names):
        for parent in tag.parents:
            if id(parent) in found:
                break
            found.add(id(parent))
    return found


def is_hidden(tag: Tag) -> bool:
    """Return whether it is what a reader does not see, or sees on every page of a site."""
    if tag.name in HIDDEN or tag.has_attr("hidden") or tag.get("aria-hidden") == "true":
        return True
    return tag.get("role") == "navigation" or bool(INVISIBLE.search(str(tag.get("style", ""))))


def _items(listing: Tag, depth: int = 0) -> list[str]:
    lines: list[str] = []
    items = [i for i in listing.find_all("li", recursive=False) if not is_hidden(i)]
    for number, item in enumerate(items, 1):
        text, inner = _own(item)
        sign = f"{number}." if listing.name == "ol" else "-"
        if text:
            lines.append("  " * depth + f"{sign} {text}")
        for sub in inner:
            lines += _items(sub, depth + 1)
    return lines


def _own(item: Tag) -> tuple[str, list[Tag]]:
    """Return an item's text without the lists in it, and these lists."""
    texts: list[str] = []
    lists: list[Tag] = []
    waiting = [(child, False) for child in reversed(item.contents)]
    while waiting:
        node, in_list = waiting.pop()
        if isinstance(node, Tag) and node.name == "li":
            texts += [] if in_list else [node.get_text(" ")]
        elif isinstance(node, Tag):
            if node.name in ("ul", "ol"):
                lists.append(node)
                in_list = True
            waiting += [(child, in_list) for child in reversed(node.contents)]
        elif type(node) in SHOWN and not in_list:
            texts.append(str(node))
    return one_line(" ".join(texts)), lists


def _table_blocks(table: Tag) -> list[Block]:
    """Return a table's caption and rows."""
    rows = [(r, _cells(r)) for r in table.find_all("tr")]
    _fill_row_spans(rows)
    filled = [(r, cells) for r, cells in rows if any(cells)]
    caption = table.find("caption")
    blocks = block(one_line(caption.get_text(" "))) if isinstance(caption, Tag) else []
    names: list[str] = []
    if len(filled) > 1 and are_names(filled[0][1]) and _names_columns(filled[0][0], table):
        names = filled.pop(0)[1]
    return blocks + [b for r, cells in filled for b in _row(r, names, cells)]


def _row(tag: Tag, names: list[str], cells: list[str]) -> list[Block]:
    first = tag.find(["th", "td"])
    if not names and isinstance(first, Tag) and first.name == "th" and len(cells) > 1:
        return row([cells[0]], [", ".join(c for c in cells[1:] if c)])
    return row(names, cells)


def _names_columns(first: Tag, table: Tag) -> bool:
    """Return whether the first row names the columns: all of it is th, or nothing in the table."""
    cells = first.find_all(["th", "td"])
    return all(cell.name == "th" for cell in cells) or not table.find("th")


def _cells(tag: Tag) -> list[str]:
    cells: list[str] = []
    for cell in tag.find_all(["th", "td"]):
        text = one_line(cell.get_text(" "))
        cells += [text] + [text if cell.name == "th" else ""] * (_span(cell, "colspan") - 1)
    return cells


def _fill_row_spans(rows: list[tuple[Tag, list[str]]]) -> None:
    """Write a cell that spans rows into each of them."""
    for index, (tag, _) in enumerate(rows):
        column = 0
        for cell in tag.find_all(["th", "td"]):
            for below in range(1, _span(cell, "rowspan")):
                if index + below < len(rows):
                    rows[index + below][1].insert(column, one_line(cell.get_text(" ")))
            column += _span(cell, "colspan")


def _span(cell: Tag, name: str) -> int:
    value = str(cell.get(name, "1"))
    return max(1, min(int(value), WIDEST_SPAN)) if value.isdecimal() else 1
