"""Parse documents in another process, with a time limit and a memory limit.

A parser that hangs, crashes or eats memory fails its document and nothing else. The process is kept
for the next document, for starting it takes longer than reading a small one.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ingest import boxes
from ingest.child import Child, ProcessDied
from ingest.loaders.base import Block, BlockKind, Box, Page, Words
from rag.errors import DocumentError
from rag.settings import Settings

CHILD = (sys.executable, "-P", "-m", "ingest.child_main")
ANSWERS = 200  # of one process, so that what libraries keep does not pile up


class OutOfMemory(DocumentError):
    """Reading the document needs more memory than it may have."""


@dataclass(frozen=True, slots=True)
class BlockSpan:
    """A block's place: the characters ``start:end`` of the text, what it is, and its page."""

    start: int
    end: int
    kind: BlockKind
    level: int
    page: int | None


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document as text. Every block is ``text[span.start:span.end]``.

    ``pages`` counts the pages (slides, sheets), None if the format has none. ``boxes`` are the
    places of the words on their pages, packed by `ingest.boxes`; empty if the format has none.
    ``warnings`` are sentences, one for each part of the file that was not read.
    """

    media_type: str
    pages: int | None
    text: str
    spans: tuple[BlockSpan, ...]
    boxes: bytes = b""
    warnings: tuple[str, ...] = ()


class Parser:
    """Parses one document after the other."""

    def __init__(self, settings: Settings, command: Sequence[str] = CHILD) -> None:
        """Start nothing yet; `close` must be called in the end."""
        self._settings = settings
        self._command = command
        self._child: Child | None = None

    def parse(self, path: Path, password: str = "", name: str = "") -> Parsed:
        """Return the document's text and structure; ``name`` is its original name, for the suffix.

        Raises `DocumentError` with the reason in plain words.
        """
        request = {
            "path": str(path.absolute()),
            "name": name or path.name,
            "password": password,
            "memory_mb": self._settings.parse_memory_mb,
        }
        answer = self._answer(json.dumps(request).encode())
        pages = [_page(*page) for page in answer["pages"]]
        return assemble(answer["media_type"], pages, answer.get("warnings", ()))

    def close(self) -> None:
        """End the process."""
        if self._child is not None:
            self._child.close()
            self._child = None

    def _answer(self, request: bytes) -> dict[str, Any]:
        if self._child is not None and self._child.answered:
            try:
                return self._asked(request)
            except (ProcessDied, OutOfMemory):
                pass  # what former documents left behind may be why: a fresh process decides
        return self._asked(request)

    def _asked(self, request: bytes) -> dict[str, Any]:
        child = self._child = self._child or Child(self._command)
        keep = False
        try:
            answer = answer_of(child.ask(request, self._settings.parse_seconds), self._settings)
            keep = child.answered < ANSWERS
        finally:
            if not keep:
                self.close()
        return answer


def assemble(media_type: str, pages: Sequence[Page], warnings: Iterable[str] = ()) -> Parsed:
    """Join pages to one text: a blank line between blocks, a line break between rows."""
    parts: list[str] = []
    spans: list[BlockSpan] = []
    words: list[tuple[int, int, int, Box]] = []
    position = 0
    numbered_blocks = [(page.number, block) for page in pages for block in page.blocks]
    for number, block in numbered_blocks:
        if spans:
            last = spans[-1]
            together = last.kind == block.kind == "row" and last.page == number
            parts.append("\n" if together else "\n\n")
            position += len(parts[-1])
        spans.append(
            BlockSpan(position, position + len(block.text), block.kind, block.level, number)
        )
        words += ((position + a, position + b, number or 0, box) for a, b, box in block.words)
        parts.append(block.text)
        position += len(block.text)
    numbered = sum(page.number is not None for page in pages)
    return Parsed(
        media_type,
        numbered or None,
        "".join(parts),
        tuple(spans),
        boxes.pack(words),
        tuple(warnings),
    )


def answer_of(output: bytes, settings: Settings) -> dict[str, Any]:
    """Return what a child process answered; raises `DocumentError` if that is a reason."""
    try:
        answer: dict[str, Any] = json.loads(output)
    except ValueError:
        raise DocumentError("its parser stopped before it was done; try again") from None
    if "memory" in answer:
        raise OutOfMemory(
            f"reading it needs more than {settings.parse_memory_mb:,} MB; split the document or "
            "raise the setting parse_memory_mb"
        )
    if "reason" in answer:
        raise DocumentError(answer["reason"])
    return answer


def _page(number: int | None, blocks: Iterable[tuple[str, BlockKind, int, Words]]) -> Page:
    made = (Block(_sound(text), kind, level, words) for text, kind, level, words in blocks)
    return Page(number, tuple(made))


def _sound(text: str) -> str:
    """Replace lone surrogates, which some files decode to and no database takes."""
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text
