"""How a passage is called on the page, as text: its document, its place there, how it begins."""

from __future__ import annotations

from pathlib import PurePath

from rag.text import marking
from rag.types import Chunk
from ranklens.viewing import Marker


def place(chunk: Chunk) -> str:
    """Return where in its document a passage is: its page, else its last heading, else nothing."""
    if chunk.page is not None:
        return f"page {chunk.page}"
    return chunk.heading[-1] if chunk.heading else ""


def where(chunk: Chunk) -> str:
    """Return in full where in its document a passage is: page and path of headings."""
    page = "" if chunk.page is None else f"page {chunk.page}"
    return " · ".join(filter(None, (page, " › ".join(chunk.heading))))


def stem(chunk: Chunk) -> str:
    """Return the name of a passage's document without its suffix."""
    return PurePath(chunk.document).stem


def named(chunk: Chunk) -> str:
    """Return a passage's name: its document (without suffix) and place."""
    return " · ".join(filter(None, (stem(chunk), place(chunk))))


def snippet(chunk: Chunk, length: int = 160) -> str:
    """Return the start of a passage on one line."""
    words = " ".join(chunk.text.split())
    return words if len(words) <= length else words[: length - 1].rstrip() + "…"


def excerpt(chunk: Chunk, mark: Marker, length: int = 160) -> list[tuple[str, bool]]:
    """Return the part of a passage with most words of the question, on one line and in pieces."""
    return marking.excerpt(mark(chunk, " ".join(chunk.text.split())), length)
