"""PPTX, through python-pptx: a slide is a page; titles are headings, notes come last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pptx
from pptx.exc import PythonPptxError
from pptx.oxml.ns import qn

from ingest.loaders.base import Block, Loaded, Page, block, not_read, one_line, table
from ingest.loaders.zipped import office_file


def load(path: Path, password: str = "") -> Loaded:
    """Return one page a slide; raises `DocumentError` if the file is damaged."""
    with office_file(path, "PPTX", (PythonPptxError,)) as file:
        slides = pptx.Presentation(file).slides
        pages = [Page(n, tuple(_slide(slide))) for n, slide in enumerate(slides, 1)]
        pictures = sum(x.element.tag == qn("p:pic") for s in slides for x in _flat(s.shapes))
        return Loaded(pages, not_read(pictures))


def _slide(slide: Any) -> Iterator[Block]:
    title = slide.shapes.title
    if title is not None:
        yield from block(one_line(title.text_frame.text), "heading", 1)
    for shape in _flat(slide.shapes):
        if title is not None and shape.shape_id == title.shape_id:
            continue
        yield from _shape(shape)
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
