"""A document as text with its structure, and as the parsing process answers it: cut to chunks."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ingest.loaders.base import BlockKind, Box, Page
from rag.errors import DocumentError
from rag.types import Chunk

Recognition = tuple[int, float | None]
Attached = tuple[tuple[str, bytes], ...]
"""Files by their names."""


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
    ``warnings`` are sentences, one for each part of the file that was not read. ``ocr`` is how
    many pictures were recognised, and the mean confidence of their letters.
    """

    media_type: str
    pages: int | None
    text: str
    spans: tuple[BlockSpan, ...]
    boxes: bytes = b""
    warnings: tuple[str, ...] = ()
    ocr: Recognition = (0, None)


@dataclass(frozen=True, slots=True)
class CutDocument:
    """A parsed document and its chunks, in order.

    ``spans`` are `Parsed.spans` as JSON: the server process keeps them and does not look at them.
    If there are ``pictures``, these keys are to be read first, and nothing else was read yet.
    ``attached`` are files that become documents of their own; None if nobody looked for them.
    """

    media_type: str
    pages: int | None
    text: str
    spans: str
    boxes: bytes
    warnings: tuple[str, ...]
    chunks: list[Chunk]
    ocr: Recognition = (0, None)
    pictures: tuple[str, ...] = ()
    attached: Attached | None = None


def assemble(
    media_type: str,
    pages: Sequence[Page],
    warnings: Iterable[str] = (),
    most: int = sys.maxsize,
) -> Parsed:
    """Join pages to one text: a blank line between blocks, a line break between a table's rows.

    Raises `DocumentError` if that gives more than ``most`` characters.
    """
    parts: list[str] = []
    spans: list[BlockSpan] = []
    words: list[tuple[int, int, int, Box]] = []
    position = 0
    numbered_blocks = ((page.number, block) for page in pages for block in page.blocks)
    for number, block in numbered_blocks:
        if spans:
            last = spans[-1]
            rows = last.kind == block.kind == "row" and last.page == number
            together = rows and not block.begins
            parts.append("\n" if together else "\n\n")
            position += len(parts[-1])
        end = position + len(block.text)
        if end > most:
            raise DocumentError(
                f"it holds more than {most:,} characters, the limit of the setting "
                "max_document_characters; split the document or raise the setting"
            )
        spans.append(BlockSpan(position, end, block.kind, block.level, number))
        words += ((position + a, position + b, number or 0, box) for a, b, box in block.words)
        parts.append(block.text)
        position = end
    numbered = sum(page.number is not None for page in pages)
    text = sound("".join(parts))
    return Parsed(media_type, numbered or None, text, tuple(spans), _packed(words), tuple(warnings))


def spans_to_json(spans: Iterable[BlockSpan]) -> str:
    """Return blocks' places as the catalogue keeps them."""
    return json.dumps([(s.start, s.end, s.kind, s.level, s.page) for s in spans])


def spans_from_json(data: str | bytes) -> tuple[BlockSpan, ...]:
    """Return what `spans_to_json` was given."""
    return tuple(BlockSpan(*span) for span in json.loads(data))


def _packed(words: Sequence[tuple[int, int, int, Box]]) -> bytes:
    if not words:
        return b""
    from ingest.boxes import pack  # brings numpy, which most formats do not need

    return pack(words)


def sound(text: str) -> str:
    """Replace lone surrogates, which some files decode to and no database takes."""
    return text.encode("utf-8", "replace").decode() if not text.isascii() else text
