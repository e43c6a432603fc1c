"""PNG, JPEG, TIFF and WebP: a picture is a page, and its text is what OCR reads."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.loaders.base import Block, Loaded, Page, pages_named
from ingest.loaders.options import LoadOptions
from ingest.loaders.picture_files import frames, opened
from ingest.loaders.pictures import Pictures

if TYPE_CHECKING:
    from PIL import Image


def load(path: Path, options: LoadOptions) -> Loaded:
    """Return one page a frame of a TIFF, one of other formats."""
    pages = [Page(n, _blocks(str(n), options.pictures)) for n in range(1, frames(path) + 1)]
    unread = [str(page.number) for page in pages if str(page.number) not in options.pictures.texts]
    return Loaded(pages, tuple(_warnings(unread, len(pages), options.pictures)))


def picture(path: Path, key: str, options: LoadOptions) -> Image.Image:
    """Return a frame for text recognition."""
    return opened(path, int(key) - 1)


def _blocks(key: str, pictures: Pictures) -> tuple[Block, ...]:
    text = pictures.text(key)
    if text is None:
        return ()
    from ingest.loaders.picture_lines import picture_blocks  # PDFium, which few images need

    return tuple(picture_blocks(text))


def _warnings(unread: Sequence[str], count: int, pictures: Pictures) -> list[str]:
    found = pictures.why_not(unread).items()
    if count == 1:
        return [f"it is a picture; {reason}" for reason, _ in found]
    return [f"{pages_named(map(int, keys))} not read: pictures; {reason}" for reason, keys in found]
