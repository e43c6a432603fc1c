"""A Word document with headings and a table."""

from __future__ import annotations

from pathlib import Path

from docx import Document
from docx.document import Document as WordDocument

from . import archive
from .source import Block, read


def build(source: str, target: Path) -> None:
    """Write the blocks of `source` with Word's built-in styles."""
    document = Document()
    blocks = read(source)
    document.core_properties.title = blocks[0].text
    document.core_properties.author = "Ranklens sample library"
    document.core_properties.last_modified_by = document.core_properties.comments = ""
    for block in blocks:
        _add(document, block)
    document.save(str(target))
    archive.freeze(target)


def _add(document: WordDocument, block: Block) -> None:
    if block.kind == "heading":
        document.add_heading(block.text, level=block.level - 1)
    elif block.kind == "table":
        _add_table(document, block.rows)
    else:
        document.add_paragraph(block.text)


def _add_table(document: WordDocument, rows: tuple[tuple[str, ...], ...]) -> None:
    table = document.add_table(len(rows), len(rows[0]), style="Light Grid Accent 1")
    for cells, row in zip(rows, table.rows, strict=True):
        for text, cell in zip(cells, row.cells, strict=True):
            cell.text = text
