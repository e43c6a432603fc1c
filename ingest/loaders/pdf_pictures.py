"""Pages of a PDF that pictures fill: which they are, and such a page as a picture."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from PIL import Image
from pypdfium2 import PdfDocument, PdfPage, raw

from ingest.loaders.base import SHARES
from ingest.loaders.pdf_lines import Line
from ingest.loaders.picture_files import fitting

SCALE = 2.5  # pixels a point, 180 an inch: at 144, half as many words again were wrong
# Shares of a page. Of 379 pages of reports and samples with a text layer, pictures fill a third on
# none, and words cover at least 0.016, usually 0.2; a stamp or a page number covers 0.003.
FILLED, SPARSE = 0.5, 0.015
OUTLINES = 50  # drawn paths on a page without text: its letters may be drawn as shapes


def is_picture(page: PdfPage, lines: Sequence[Line]) -> bool:
    """Return whether what a page says is in its pictures, given the lines of its text layer."""
    if lines:
        return _covered(lines) < SPARSE and _filled(page) >= FILLED
    kinds = [drawn.type for drawn in page.get_objects()]
    return raw.FPDF_PAGEOBJ_IMAGE in kinds or kinds.count(raw.FPDF_PAGEOBJ_PATH) >= OUTLINES


def page_picture(path: Path, number: int, password: str) -> Image.Image:
    """Draw page ``number`` (from 1) for text recognition."""
    page = PdfDocument(path, password=password or None)[number - 1]
    width, height = page.get_size()
    scale = fitting(width, height, SCALE)[0] / max(width, 1)
    drawn: Image.Image = page.render(scale=scale).to_pil()
    return drawn.convert("RGB")


def _covered(lines: Iterable[Line]) -> float:
    boxes = (box for line in lines for _, _, box in line.content.words)
    return sum((right - left) * (bottom - top) for left, top, right, bottom in boxes) / SHARES**2


def _filled(page: PdfPage) -> float:
    """Return the share of a page that pictures take; those that overlap count twice."""
    left, bottom, right, top = page.get_bbox()
    filled: float = 0.0
    for drawn in page.get_objects(filter=[raw.FPDF_PAGEOBJ_IMAGE]):
        x0, y0, x1, y1 = drawn.get_bounds()
        filled += max(min(x1, right) - max(x0, left), 0) * max(min(y1, top) - max(y0, bottom), 0)
    return filled / float(max((right - left) * (top - bottom), 1.0))
