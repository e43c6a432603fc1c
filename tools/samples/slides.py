"""A slide deck with bullets, a table and speaker notes."""

from __future__ import annotations

from pathlib import Path

from pptx import Presentation
from pptx.slide import Slide
from pptx.util import Cm, Pt

from . import archive
from .source import Block, fill, read, sections

TITLE_LAYOUT, BULLETS_LAYOUT, TABLE_LAYOUT = 0, 1, 5


def build(source: str, target: Path) -> None:
    """Write one slide a heading of `source`."""
    deck = Presentation()
    slides = sections(read(source))
    deck.core_properties.title = slides[0][0].text
    deck.core_properties.author = "Ranklens sample library"
    deck.core_properties.last_modified_by = ""
    for blocks in slides:
        slide = deck.slides.add_slide(deck.slide_layouts[_layout(blocks)])
        slide.shapes.title.text = blocks[0].text
        for block in blocks[1:]:
            _add(slide, block)
    deck.save(str(target))
    archive.freeze(target)


def _layout(blocks: list[Block]) -> int:
    if blocks[0].level == 1:
        return TITLE_LAYOUT
    return TABLE_LAYOUT if any(block.kind == "table" for block in blocks) else BULLETS_LAYOUT


def _add(slide: Slide, block: Block) -> None:
    if block.kind == "notes":
        slide.notes_slide.notes_text_frame.text = block.text
    elif block.kind == "table":
        _add_table(slide, block.rows)
    else:
        lines = [row[0] for row in block.rows] or [block.text]
        slide.placeholders[1].text_frame.text = "\n".join(lines)


def _add_table(slide: Slide, rows: tuple[tuple[str, ...], ...]) -> None:
    frame = slide.shapes.add_table(len(rows), len(rows[0]), Cm(1.3), Cm(5), Cm(22.8), Cm(8))
    fill(frame.table, rows)
    for cell in frame.table.iter_cells():
        cell.text_frame.paragraphs[0].runs[0].font.size = Pt(14)
