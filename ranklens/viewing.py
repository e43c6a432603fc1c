"""A passage to be read: the question's words in it; in its own document its structure and marks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from ingest.boxes import Mark, marks
from ingest.page import PageImage, PasswordNeeded, draw
from ingest.parsed import BlockSpan, Parsed
from rag.errors import RanklensError
from rag.store.catalogue import Document
from rag.text import marking
from rag.types import Chunk

if TYPE_CHECKING:
    from rag.store.analyse import Analyser
    from ranklens.library import Library

# The types of the documents' side that these functions return or raise.
__all__ = ["BlockSpan", "Mark", "PageImage", "Parsed", "PasswordNeeded"]


@dataclass(frozen=True, slots=True)
class SourceDocument:
    """A document that holds a passage, and its text with the structure that its parser found."""

    document: Document
    parsed: Parsed

    @property
    def is_drawn(self) -> bool:
        """Whether its pages can be drawn: it is a PDF or a picture."""
        media_type = self.parsed.media_type
        return media_type == "application/pdf" or media_type.startswith("image/")

    @property
    def unit(self) -> str:
        """What it is divided into: ``slide``, ``sheet`` or ``page``."""
        if self.parsed.media_type.endswith(".presentationml.presentation"):
            return "slide"
        return "sheet" if self.parsed.media_type.endswith(".spreadsheetml.sheet") else "page"

    def marks(self, number: int, start: int, end: int) -> list[Mark]:
        """Return the rectangles on page ``number`` around what stands at ``start:end``."""
        return marks(self.parsed.boxes, self.parsed.text, number, start, end)


Marker = Callable[[Chunk, str], list[tuple[str, bool]]]
"""Cuts a text of a passage into pieces, each with whether it is a word of the question."""


def marker(library: Library, question: str) -> Marker:
    """Return what marks the words of a question in passages, by each document's language."""
    by_document: dict[str, marking.Terms] = {}
    by_language: dict[Analyser, marking.Terms] = {}  # passages of a ranking share most words

    def marked(chunk: Chunk, text: str) -> list[tuple[str, bool]]:
        if (terms := by_document.get(chunk.document)) is None:
            analyser = library.index.analyser_of([chunk])
            terms = by_language.setdefault(analyser, cache(analyser))
            by_document[chunk.document] = terms
        return marking.marked(text, question, terms)

    return marked


def source_of(library: Library, chunk: Chunk) -> SourceDocument | None:
    """Return a passage's document; None if it has changed or is not in the library any more."""
    ready = (d for d in library.documents() if d.name == chunk.document and d.status == "ready")
    document = next(ready, None)
    if document is None:
        return None
    try:
        parsed = library.parsed(chunk.document)
    except RanklensError:
        return None
    same = parsed.text[chunk.start : chunk.end] == chunk.text
    return SourceDocument(document, parsed) if same else None


def page_image(library: Library, name: str, number: int, password: str = "") -> PageImage:
    """Draw page ``number`` (from 1) of a PDF or a picture.

    Raises `PasswordNeeded`, and `DocumentError` with the reason in plain words.
    """
    return draw(library.file(name), number, library.settings, password=password)
