"""PDF: columns in reading order, headings by their font, and where each word stands.

pypdf opens, decrypts and counts pages; PDFium reads their text. Both read what the other does not.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pypdf import PageObject, PasswordType, PdfReader, apply_configuration
from pypdf.generic import ArrayObject
from pypdfium2 import PdfDocument, PdfiumError, PdfPage, raw

from ingest.loaders.base import LOCKED, Block, Loaded, Page, block
from ingest.loaders.pdf_blocks import Style, page_blocks
from ingest.loaders.pdf_lines import Line, page_lines
from ingest.loaders.pdf_text import page_runs
from rag.errors import DocumentError

# pypdf's own limits stop real reports (a tagged quarterly report has arrays of 100,000 elements);
# here the parser's process has a time and a memory limit, so they can be wider.
MOST_ELEMENTS = 2_000_000
# Bytes of a page's object of instructions if they draw nothing, and if they are none, at most.
NOTHING_DRAWN, NOTHING_PACKED = 400, 150
MOST_NAMED = 20  # runs of pages in a warning
OFTEN, MOSTLY = 0.12, 0.8  # shares of pages; a table's header returns on some, too
PAGE_NUMBERS = ("#", "page #", "page # of #", "- # -")
EDGE_LINES = 2  # lines at the top and the bottom of a page that may be running ones


@dataclass(frozen=True, slots=True)
class _Content:
    """A page's lines, or why there are none."""

    number: int
    lines: tuple[Line, ...] = ()
    plain: str = ""  # pypdf's text of a page that PDFium reads no text of
    damaged: bool = False
    pictures: bool = False


def load(path: Path, password: str = "") -> Loaded:
    """Return the pages of a PDF; raises `DocumentError` without password or without text.

    Pages that neither library reads are empty and are named in a warning.
    """
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its findings are in our errors
    with apply_configuration(
        array_maximum_element_count=MOST_ELEMENTS, dictionary_maximum_element_count=MOST_ELEMENTS
    ):
        known = _known(path, password)
        pdf = _opened(path, password)
        contents = [_content(pdf, known, index) for index in range(_count(pdf, known))]
    if any(c.plain or c.lines for c in contents):
        return Loaded(_pages(contents), tuple(_warnings(contents, complete=bool(known))))
    if contents and not all(c.damaged for c in contents):
        raise DocumentError(
            "the PDF holds no text, only images (a scan?); run text recognition (OCR) on it first"
        )
    raise DocumentError(
        "the PDF is damaged or incomplete; open it in a PDF reader and save it again"
    )


def _known(path: Path, password: str) -> list[PageObject]:
    """Return the pages as pypdf finds them, none if the file is too damaged for it."""
    try:
        reader = PdfReader(path)
        if reader.is_encrypted and reader.decrypt(password) is PasswordType.NOT_DECRYPTED:
            raise _locked(password)
        return list(reader.pages)
    except (DocumentError, MemoryError):
        raise
    except Exception:  # noqa: BLE001 - pypdf raises anything over a broken file
        return []


def _opened(path: Path, password: str) -> PdfDocument | None:
    try:
        return PdfDocument(path, password=password or None)
    except PdfiumError as error:
        if "password" in str(error).lower():
            raise _locked(password) from None
        return None


def _locked(password: str) -> DocumentError:
    what = "the given password does not open it" if password else "a password is needed"
    return DocumentError(f"{LOCKED}: {what}")


def _count(pdf: PdfDocument | None, known: Sequence[PageObject]) -> int:
    """Count the pages. PDFium believes what the file says, pypdf leaves damaged pages out."""
    if pdf is None or len(pdf) <= len(known):
        return len(known)
    return len(pdf) if not known or _loaded(pdf, len(pdf) - 1) else len(known)


def _loaded(pdf: PdfDocument | None, index: int) -> PdfPage | None:
    try:
        return pdf[index] if pdf else None
    except (PdfiumError, IndexError):
        return None


def _content(pdf: PdfDocument | None, known: Sequence[PageObject], index: int) -> _Content:
    """Read a page; one that PDFium finds no text on is read by pypdf."""
    page, number = _loaded(pdf, index), index + 1
    lines = _lines(page)
    if lines:
        return _Content(number, lines)
    same = pdf is None or len(pdf) <= len(known)  # else they count pages differently
    other = known[index] if same and index < len(known) else None
    plain = _plain_text(other)
    if plain:
        return _Content(number, plain=plain)
    kinds = {drawn.type for drawn in page.get_objects()} if page else set()
    damaged = plain is None if page is None else not kinds and _is_spoilt(other)
    return _Content(number, damaged=damaged, pictures=raw.FPDF_PAGEOBJ_IMAGE in kinds)


def _lines(page: PdfPage | None) -> tuple[Line, ...]:
    try:
        return tuple(page_lines(page_runs(page))) if page else ()
    except (PdfiumError, ArithmeticError, ValueError):  # places that are no numbers, or infinite
        return ()


def _plain_text(page: PageObject | None) -> str | None:
    """Return pypdf's text of a page, None if it cannot read it."""
    try:
        return page.extract_text().strip() if page else None
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - pypdf raises anything over a broken page
        return None


def _is_spoilt(page: PageObject | None) -> bool:
    """Return whether a page that shows nothing has instructions that say more than nothing."""
    try:
        held: Any = page.raw_get("/Contents") if page else ArrayObject()
        stream = held.get_object()
        parts = [p.get_object() for p in (stream if isinstance(stream, list) else [held])]
        if None in parts:  # the file lacks what the page refers to
            return True
        packed = io.BytesIO()
        for part in parts:
            part.write_to_stream(packed)
        unpacked = any(part.get_data().strip() for part in parts)
    except (KeyError, AttributeError):
        return False
    except MemoryError:
        raise
    except Exception:  # noqa: BLE001 - pypdf raises anything over a broken stream
        return True
    return packed.tell() > (NOTHING_DRAWN if unpacked else NOTHING_PACKED)


def _warnings(contents: Sequence[_Content], complete: bool) -> Iterator[str]:
    if not complete:
        yield "the file is damaged and was read as far as possible"
    if damaged := [c.number for c in contents if c.damaged]:
        yield f"{_named(damaged)} not read, because of damage in the file"
    if pictures := [c.number for c in contents if c.pictures]:
        yield f"{_named(pictures)} not read: only pictures there (scans?), which need OCR first"


def _named(numbers: Sequence[int]) -> str:
    """Return pages in words: ``pages 2, 5–7 were``."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1][1:] = [number]
        else:
            runs.append([number])
    named = ", ".join("–".join(map(str, run)) for run in runs[:MOST_NAMED])
    more = " and others" if len(runs) > MOST_NAMED else ""
    return f"page {named} was" if len(numbers) == 1 else f"pages {named}{more} were"


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
