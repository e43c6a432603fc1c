"""PPTX, through python-pptx: a slide is a page; titles are headings, notes come last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pptx
from pptx.exc import PythonPptxError
from pptx.oxml.ns import qn

from ingest.loaders.base import Block, Loaded, Page, block, one_line, table
from ingest.loaders.office_pictures import OfficePictures, picture_of
from ingest.loaders.options import LoadOptions
from ingest.loaders.zipped import office_file

if TYPE_CHECKING:
    from PIL import Image


def load(path: Path, options: LoadOptions) -> Loaded:
    """Return one page a slide; raises `DocumentError` if the file is damaged."""
    pictures = OfficePictures(options.pictures)
    with office_file(path, "PPTX", (PythonPptxError,)) as file:
        slides = pptx.Presentation(file).slides
        pages = [Page(n, tuple(_slide(slide, pictures))) for n, slide in enumerate(slides, 1)]
    return Loaded(pages, pictures.warnings())


def picture(path: Path, key: str, options: LoadOptions) -> Image.Image:
    """Return a picture for text recognition."""
    return picture_of(path, key)


def _slide(slide: Any, pictures: OfficePictures) -> Iterator[Block]:
    title = slide.shapes.title
    if title is not None:
        yield from block(one_line(title.text_frame.text), "heading", 1)
    for shape in _flat(slide.shapes):
        if title is not None and shape.shape_id == title.shape_id:
            continue
        yield from _shape(shape)
        if shape.element.tag == qn("p:pic"):
            yield from pictures.blocks(slide.part, shape.element)
    notes = slide.notes_slide.notes_text_frame if slide.has_notes_slide else None
    if notes is not None and notes.text.strip():
        yield from block(f"Notes: {_lines(notes.text)}")


def _flat(shapes: Iterable[Any]) -> Iterator[Any]:
    for shape in shapes:
        if hasattr(shape, "shapes"):
            yield from _flat(shape.shapes)
        else:
            yield shape


def _shape(shape: Any) -> list[Block]:
    if getattr(shape, "has_table", False) and shape.has_table:
        return table([[cell.text for cell in row.cells] for row in shape.table.rows])
    if shape.has_text_frame:
        return block(_lines(shape.text_frame.text))
    return []


def _lines(text: str) -> str:
    return text.replace("\v", "\n").strip()
