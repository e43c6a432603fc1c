"""A Word document with headings and a table."""

from __future__ import annotations

from pathlib import Path

from docx import Document

from . import archive
from .source import fill, read


def build(source: str, target: Path) -> None:
    """Write the blocks of `source` with Word's built-in styles."""
    document = Document()
    blocks = read(source)
    document.core_properties.title = blocks[0].text
    document.core_properties.author = "Ranklens sample library"
    document.core_properties.last_modified_by = document.core_properties.comments = ""
    for block in blocks:
        if block.kind == "heading":
            document.add_heading(block.text, level=block.level - 1)
        elif block.kind == "table":
            size = len(block.rows), len(block.rows[0])
            fill(document.add_table(*size, style="Light Grid Accent 1"), block.rows)
        else:
            document.add_paragraph(block.text)
    document.save(str(target))
    archive.freeze(target)
