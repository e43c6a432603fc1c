"""PDF: columns in reading order, headings by their font, and where each word stands.

pypdf opens, decrypts and counts pages; PDFium reads their text. Both read what the other does not.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pypdf import PageObject, PasswordType, PdfReader, apply_configuration
from pypdf.generic import ArrayObject
from pypdfium2 import PdfDocument, PdfiumError, PdfPage

from ingest.loaders.base import LOCKED, Block, Loaded, Page, block, pages_named
from ingest.loaders.options import LoadOptions
from ingest.loaders.pdf_blocks import Style, page_blocks
from ingest.loaders.pdf_lines import Line, page_lines
from ingest.loaders.pdf_pictures import is_picture, page_picture
from ingest.loaders.pdf_running import without_running
from ingest.loaders.pdf_text import page_runs
from ingest.loaders.picture_lines import picture_lines
from ingest.loaders.pictures import Pictures
from rag.errors import DocumentError

if TYPE_CHECKING:
    from PIL import Image

# pypdf's own limits stop real reports (a tagged quarterly report has arrays of 100,000 elements);
# here the parser's process has a time and a memory limit, so they can be wider.
MOST_ELEMENTS = 2_000_000
# Bytes of a page's object of instructions if they draw nothing, and if they are none, at most.
NOTHING_DRAWN, NOTHING_PACKED = 400, 150


@dataclass(frozen=True, slots=True)
class _Content:
    """A page's lines, or why there are none.

    ``pictures``: those that fill the page were not read; ``recognised``: its lines are theirs.
    """

    number: int
    lines: tuple[Line, ...] = ()
    plain: str = ""  # pypdf's text of a page that PDFium reads no text of
    damaged: bool = False
    pictures: bool = False
    recognised: bool = False


def load(path: Path, options: LoadOptions) -> Loaded:
    """Return the pages of a PDF; raises `DocumentError` without password or if it is damaged.

    Pages that neither library reads are empty and are named in a warning, as are pictures whose
    text is not known.
    """
    password, pictures = options.password, options.pictures
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # its findings are in our errors
    with apply_configuration(
        array_maximum_element_count=MOST_ELEMENTS, dictionary_maximum_element_count=MOST_ELEMENTS
    ):
        known = _known(path, password)
        pdf = _opened(path, password)
        pages = range(_count(pdf, known))
        contents = [_content(pdf, known, index, pictures) for index in pages]
    if all(c.damaged for c in contents):
        raise DocumentError(
            "the PDF is damaged or incomplete; open it in a PDF reader and save it again"
        )
    warnings = _warnings(contents, pictures, complete=bool(known))
    return Loaded(_pages(contents), tuple(warnings))


def picture(path: Path, key: str, options: LoadOptions) -> Image.Image:
    """Return a page for text recognition."""
    return page_picture(path, int(key), options.password)


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


def _content(
    pdf: PdfDocument | None, known: Sequence[PageObject], index: int, pictures: Pictures
) -> _Content:
    """Read a page; one that PDFium finds no text on is read by pypdf, or from its pictures."""
    page, number = _loaded(pdf, index), index + 1
    lines = _lines(page)
    filled = page is not None and is_picture(page, lines)
    if lines:
        return _recognised(number, pictures, lines) if filled else _Content(number, lines)
    same = pdf is None or len(pdf) <= len(known)  # else they count pages differently
    other = known[index] if same and index < len(known) else None
    plain = _plain_text(other)
    if plain:
        return _Content(number, plain=plain)
    if filled:
        return _recognised(number, pictures)
    drawn = next(page.get_objects(), None) if page else None
    damaged = plain is None if page is None else drawn is None and _is_spoilt(other)
    return _Content(number, damaged=damaged)


def _recognised(number: int, pictures: Pictures, lines: tuple[Line, ...] = ()) -> _Content:
    """Return a page as text recognition reads it, unless its own few ``lines`` say more."""
    text = pictures.text(str(number))
    if text is None:
        return _Content(number, lines, pictures=True)
    if text.letters < sum(len(line.text) for line in lines):
        return _Content(number, lines)
    return _Content(number, tuple(picture_lines(text)), recognised=True)


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


def _warnings(contents: Sequence[_Content], pictures: Pictures, complete: bool) -> Iterator[str]:
    if not complete:
        yield "the file is damaged and was read as far as possible"
    if damaged := [c.number for c in contents if c.damaged]:
        yield f"{_were(damaged)} not read, because of damage in the file"
    unread = [c for c in contents if c.pictures]
    for reason, keys in pictures.why_not(str(c.number) for c in unread if not c.lines).items():
        yield f"{_were(map(int, keys))} not read: only pictures there (scans?); {reason}"
    for reason, keys in pictures.why_not(str(c.number) for c in unread if c.lines).items():
        named = pages_named(map(int, keys))
        yield f"of {named} only the words beside a picture were read; {reason}"


def _were(numbers: Iterable[int]) -> str:
    named = pages_named(numbers)
    return f"{named} {'were' if named.startswith('pages') else 'was'}"


def _pages(contents: Sequence[_Content]) -> list[Page]:
    lines = without_running([(content.number, content.lines) for content in contents])
    read = list(zip(contents, lines, strict=True))
    # Recognised letters have a height of their own: what is larger than others, is among them.
    styles = {
        recognised: Style.of(x for c, kept in read for x in kept if c.recognised is recognised)
        for recognised in (False, True)
    }
    return [Page(c.number, tuple(_blocks(c, kept, styles[c.recognised]))) for c, kept in read]


def _blocks(content: _Content, lines: Sequence[Line], style: Style) -> list[Block]:
    return _plain(content.plain) if content.plain else page_blocks(lines, style)


def _plain(text: str) -> list[Block]:
    return [b for part in re.split(r"\n\s*\n", text) for b in block(part)]
