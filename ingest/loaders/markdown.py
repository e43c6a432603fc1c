"""Markdown (CommonMark and tables), through markdown-it-py."""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markdown_it.tree import SyntaxTreeNode

from ingest.loaders.base import Block, Loaded, Page, block, table
from ingest.loaders.decode import read_text
from ingest.loaders.html import BLOCKS, html_blocks
from ingest.loaders.options import LoadOptions
from ingest.loaders.text import text_blocks

INLINE = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
    "ins", "kbd", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt",
    "u", "var", "wbr", "script", "style", "input", "label", "button", "picture", "source", "svg",
})  # fmt: skip
DEEPEST = 60  # levels of quotes; a level of a list counts as two
CONTAINERS = ("blockquote_open", "bullet_list_open", "ordered_list_open", "list_item_open")
PIECE, LONGEST = 250_000, 5_000_000  # characters: a million of them takes some 300 MB
FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
TOO_SLOW = (
    "it was read as plain text, marks included, because reading all of it as Markdown takes too "
    "long (option parse_seconds)"
)
FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)


def load(path: Path, options: LoadOptions) -> Loaded:
    """Return the document as one page.

    It is read in pieces; what half of the time or the memory does not suffice for is read as plain
    text.
    """
    text = read_text(path).replace("\r\n", "\n")
    ends = time.monotonic() + options.seconds / 2
    blocks: list[Block] = []
    for start, end in _pieces(text):
        if time.monotonic() > ends or end - start > LONGEST:
            line = text.count("\n", 0, start) + 1
            blocks += text_blocks(text[start:])
            return Loaded([Page(None, tuple(blocks))], (f"from line {line:,} on {TOO_SLOW}",))
        blocks += markdown_blocks(text[start:end], front=start == 0)
    return Loaded([Page(None, tuple(blocks))])


def markdown_blocks(text: str, front: bool = True) -> list[Block]:
    """Return the blocks of Markdown: words without their marks, code as it stands.

    ``front``: it may begin with metadata (front matter). Quotes and lists nested deeper than
    `DEEPEST` make the whole of it plain text, marks included.
    """
    text = text.replace("\r\n", "\n")
    matter = FRONT_MATTER.match(text) if front else None
    blocks = block(matter[1]) if matter else []
    parser = MarkdownIt("commonmark", {"maxNesting": DEEPEST}).enable(["table", "strikethrough"])
    with _uncollected():
        tokens = parser.parse(text[matter.end() :] if matter else text)
        if any(token.level >= DEEPEST - 1 and token.type in CONTAINERS for token in tokens):
            return text_blocks(text)  # the parser leaves out what is deeper
        reader = _Reader(blocks)
        reader.read(SyntaxTreeNode(tokens))
    return reader.blocks


def _pieces(text: str) -> Iterator[tuple[int, int]]:
    """Yield the places of pieces of about `PIECE` characters, which end at a blank line.

    The line after it is not indented, so no item of a list is cut; neither is a block of code. If
    no line is blank for long, a paragraph or a list is cut between two lines.
    """
    start, at, fence = 0, 0, ""
    while 0 < (end := text.find("\n", at) + 1) < len(text):
        mark = FENCE.match(text, at)
        if mark and (not fence or mark[1].startswith(fence)):
            fence = "" if fence else mark[1]
        size, line = end - start, text[at:end]
        ends = (size >= PIECE and not line.strip()) or (size >= 4 * PIECE and "|" not in line)
        if ends and not fence and not text[end].isspace():
            yield start, end
            start = end
        at = end
    yield start, len(text)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Keep the garbage collector from looking through all tokens again and again."""
    runs = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if runs:
            gc.enable()


class _Reader:
    """Reads a tree in order; the items of a list gather into one block."""

    def __init__(self, blocks: list[Block]) -> None:
        self.blocks = blocks
        self._items: list[str] = []
        self._depth = 0
        self._mark = ""

    def read(self, parent: SyntaxTreeNode) -> None:
        for node in parent.children:
            if node.type in ("bullet_list", "ordered_list"):
                self._depth += 1
                self.read(node)
                self._depth -= 1
                if not self._depth:
                    self._add([])
            elif node.type == "list_item":
                self._mark = f"{node.info}." if node.info else "-"
                self.read(node)
            elif node.type == "heading":
                self._add(block(_words(node).replace("\n", " "), "heading", int(node.tag[1])))
            elif node.type == "table":
                rows = [row for part in node.children for row in part.children]
                self._add(table([_words(cell) for cell in row.children] for row in rows))
            elif node.type in ("fence", "code_block"):
                self._add(block(node.content.strip("\n"), "code"))
            elif node.type == "html_block":
                self._add(html_blocks(node.content))
            elif node.type == "paragraph" and self._depth:
                self._items.append("  " * (self._depth - 1) + f"{self._mark or ' '} {_words(node)}")
                self._mark = ""
            elif node.type == "paragraph":
                self.blocks += block(_words(node))
            else:
                self.read(node)

    def _add(self, blocks: list[Block]) -> None:
        """End the list before what follows it."""
        self.blocks += block("\n".join(self._items)) + blocks
        self._items = []


def _words(node: SyntaxTreeNode) -> str:
    """Return what a node reads as whose only child is inline."""
    return "".join(_plain(child.token.children or []) for child in node.children if child.token)


def _plain(tokens: Sequence[Token]) -> str:
    parts = []
    for token in tokens:
        if token.type in ("softbreak", "hardbreak"):
            parts.append("\n")
        elif token.type == "image":
            parts.append(_plain(token.children or []))
        elif token.type == "html_inline":
            parts.append(_tag(token.content))
        else:
            parts.append(token.content)
    return "".join(parts)


def _tag(tag: str) -> str:
    """Return what an inline tag reads as: nothing, but ``<unk>`` is no tag of HTML and stays."""
    name = re.match(r"</?([a-z0-9]+)", tag, re.I)
    if name and name[1].lower() == "br":
        return "\n"
    known = name is None or name[1].lower() in INLINE or name[1].lower() in BLOCKS
    return "" if known else tag
