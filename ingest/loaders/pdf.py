"""PDF: columns in reading order, headings by their font, and where each word stands.

pypdf opens, decrypts and counts pages; PDFium reads their text. Both read what the other does not.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pypdf import PasswordType, PdfReader, apply_configuration
from pypdf.errors import PyPdfError
from pypdfium2 import PdfDocument, PdfiumError

from ingest.loaders.base import LOCKED, Block, Page, block
from ingest.loaders.pdf_blocks import Style, page_blocks
from ingest.loaders.pdf_lines import Line, page_lines
from ingest.loaders.pdf_text import page_runs
from rag.errors import DocumentError

# pypdf's own limits stop real reports (a tagged quarterly report has arrays of 100,000 elements);
# here the parser's process has a time and a memory limit, so they can be wider.
MOST_ELEMENTS = 2_000_000
FAULTS = (PyPdfError, OSError, ValueError, TypeError, KeyError, AttributeError, IndexError,
          RecursionError, NotImplementedError)  # fmt: skip
OFTEN, MOSTLY = 0.12, 0.8  # shares of pages; a table's header returns on some, too
PAGE_NUMBERS = ("#", "page #", "page # of #", "- # -")
EDGE_LINES = 2  # lines at the top and the bottom of a page that may be running ones


@dataclass(frozen=True, slots=True)
class _Content:
    number: int
    lines: tuple[Line, ...]
    plain: str = ""  # pypdf's text of a page that PDFium reads no text of


def load(path: Path, password: str = "") -> list[Page]:
    """Return the pages of a PDF; raises `DocumentError` without password or without text."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its findings are in our errors
    with apply_configuration(
        array_maximum_element_count=MOST_ELEMENTS, dictionary_maximum_element_count=MOST_ELEMENTS
    ):
        try:
            reader = PdfReader(path)
            _unlock(reader, password)
            contents = _read(reader, _opened(path, password))
        except FAULTS as error:
            raise DocumentError(
                f"the PDF is damaged or incomplete ({_reason(error)}); "
                "open it in a PDF reader and save it again"
            ) from error
    if not any(c.plain or c.lines for c in contents):
        raise DocumentError(
            "the PDF holds no text, only images (a scan?); run text recognition (OCR) on it first"
        )
    return _pages(contents)


def _unlock(reader: PdfReader, password: str) -> None:
    if not reader.is_encrypted:
        return
    if reader.decrypt(password) is PasswordType.NOT_DECRYPTED:
        raise _locked(password)


def _locked(password: str) -> DocumentError:
    what = "the given password does not open it" if password else "a password is needed"
    return DocumentError(f"{LOCKED}: {what}")


def _opened(path: Path, password: str) -> PdfDocument | None:
    try:
        return PdfDocument(path, password=password or None)
    except PdfiumError:
        return None


def _read(reader: PdfReader, pdf: PdfDocument | None) -> list[_Content]:
    """Return the lines of every page; a page that PDFium finds no text on is read by pypdf."""
    if not len(reader.pages):
        raise ValueError("it has no pages")
    contents = []
    for number, page in enumerate(reader.pages, 1):
        lines = _lines(pdf, number - 1)
        contents.append(_Content(number, lines, "" if lines else page.extract_text().strip()))
    return contents


def _lines(pdf: PdfDocument | None, index: int) -> tuple[Line, ...]:
    try:
        return tuple(page_lines(page_runs(pdf[index]))) if pdf else ()
    except (PdfiumError, IndexError):
        return ()


def _pages(contents: Sequence[_Content]) -> list[Page]:
    running = _running(contents)
    lines = [_without(running, content) for content in contents]
    style = Style.of(line for page in lines for line in page)
    return [
        Page(c.number, tuple(_plain(c.plain) if c.plain else page_blocks(kept, style)))
        for c, kept in zip(contents, lines, strict=True)
    ]


def _plain(text: str) -> list[Block]:
    return [b for part in re.split(r"\n\s*\n", text) for b in block(part)]


def _running(contents: Sequence[_Content]) -> dict[str, int]:
    """Return headers and footers that most pages share, with the first page that has them."""
    pages: dict[str, list[int]] = {}
    for content in contents:
        for key in {_key(line) for line in _edges(content.lines)}:
            pages.setdefault(key, []).append(content.number)
    return {
        key: on[0]
        for key, on in pages.items()
        if len(on) >= max(3, len(contents) * (MOSTLY if "\t" in key else OFTEN))
    }


def _without(running: dict[str, int], content: _Content) -> list[Line]:
    edges = {id(line) for line in _edges(content.lines)}
    kept = []
    for line in content.lines:
        key = _key(line) if id(line) in edges else ""
        if key not in PAGE_NUMBERS and running.get(key, content.number) == content.number:
            kept.append(line)
    return kept


def _edges(lines: Sequence[Line]) -> list[Line]:
    """Return a page's highest and lowest lines; fewer if it has few, as they may be all."""
    count = EDGE_LINES if len(lines) >= 4 * EDGE_LINES else 1
    by_height = sorted(lines, key=lambda line: -line.y)
    return [*by_height[:count], *by_height[count:][-count:]]


def _key(line: Line) -> str:
    return re.sub(r"\d+", "#", "\t".join(cell.text for cell in line.cells).lower())


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split())[:120] or type(error).__name__
