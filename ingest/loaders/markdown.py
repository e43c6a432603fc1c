"""Markdown (CommonMark and tables), through markdown-it-py."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

from ingest.loaders.base import Block, Page, block, table
from ingest.loaders.decode import read_text
from ingest.loaders.html import BLOCKS, html_blocks

INLINE = frozenset({
    "a", "abbr", "b", "bdi", "bdo", "cite", "code", "data", "del", "dfn", "em", "font", "i", "img",
    "ins", "kbd", "mark", "q", "s", "samp", "small", "span", "strong", "sub", "sup", "time", "tt",
    "u", "var", "wbr", "script", "style", "input", "label", "button", "picture", "source", "svg",
})  # fmt: skip
FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.S)


def load(path: Path, password: str = "") -> list[Page]:
    """Return the document as one page."""
    return [Page(None, tuple(markdown_blocks(read_text(path))))]


def markdown_blocks(text: str) -> list[Block]:
    """Return the blocks of Markdown: words without their marks, code as it stands."""
    text = text.replace("\r\n", "\n")
    front = FRONT_MATTER.match(text)
    blocks = block(front[1]) if front else []
    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    reader = _Reader(blocks)
    reader.read(parser.parse(text[front.end() :] if front else text))
    return reader.blocks


class _Reader:
    """Reads tokens; the items of a list gather into one block."""

    def __init__(self, blocks: list[Block]) -> None:
        self.blocks = blocks
        self._items: list[str] = []
        self._marks: list[str] = []
        self._mark = ""

    def read(self, tokens: Sequence[Token]) -> None:
        index = 0
        while index < len(tokens):
            token = tokens[index]
            if token.type == "table_open":
                end = next(i for i in range(index, len(tokens)) if tokens[i].type == "table_close")
                self._flush()
                self.blocks += table(_rows(tokens[index:end]))
                index = end
            else:
                before = tokens[index - 1] if index else None
                self._token(token, before)
            index += 1
        self._flush()

    def _token(self, token: Token, before: Token | None) -> None:
        if token.type in ("bullet_list_open", "ordered_list_open"):
            self._marks.append("-" if token.type.startswith("bullet") else "1.")
        elif token.type in ("bullet_list_close", "ordered_list_close"):
            self._marks.pop()
            if not self._marks:
                self._flush()
        elif token.type == "list_item_open":
            self._mark = f"{token.info}." if token.info else "-"
        elif token.type in ("fence", "code_block"):
            self._flush()
            self.blocks += block(token.content.strip("\n"), "code")
        elif token.type == "html_block":
            self._flush()
            self.blocks += html_blocks(token.content)
        elif token.type == "inline":
            self._inline(token, before)

    def _inline(self, token: Token, before: Token | None) -> None:
        text = _plain(token.children or [])
        if before is not None and before.type == "heading_open":
            self._flush()
            self.blocks += block(text.replace("\n", " "), "heading", int(before.tag[1]))
        elif self._marks:
            indent = "  " * (len(self._marks) - 1)
            self._items.append(
                f"{indent}{self._mark} {text}" if self._mark else f"{indent}  {text}"
            )
            self._mark = ""
        else:
            self.blocks += block(text)

    def _flush(self) -> None:
        self.blocks += block("\n".join(self._items))
        self._items = []


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


def _rows(tokens: Sequence[Token]) -> list[list[str]]:
    rows: list[list[str]] = []
    for token in tokens:
        if token.type == "tr_open":
            rows.append([])
        elif token.type == "inline":
            rows[-1].append(_plain(token.children or []))
    return rows
