"""DOCX, through python-docx: paragraphs, headings and tables in their order, then footnotes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import docx
from docx.document import Document
from docx.opc.exceptions import OpcError
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from ingest.loaders.base import Block, Loaded, Page, block, table
from ingest.loaders.office_pictures import OfficePictures, is_fallback, picture_of
from ingest.loaders.options import LoadOptions
from ingest.loaders.zipped import office_file

if TYPE_CHECKING:
    from PIL import Image


def load(path: Path, options: LoadOptions) -> Loaded:
    """Return the document as one page; raises `DocumentError` if it is damaged."""
    pictures = OfficePictures(options.pictures)
    with office_file(path, "DOCX", (OpcError,)) as file:
        reader = _BodyReader(docx.Document(file), pictures)
        return Loaded([Page(None, tuple(reader.blocks()))], pictures.warnings())


def picture(path: Path, key: str, options: LoadOptions) -> Image.Image:
    """Return a picture for text recognition."""
    return picture_of(path, key)


class _BodyReader:
    """Reads a document in its order."""

    def __init__(self, document: Document, pictures: OfficePictures) -> None:
        self._document = document
        self._levels = _levels(document)
        self._pictures = pictures

    def blocks(self) -> list[Block]:
        body = self._content(self._document.element.body)
        return [*body, *_footnotes(self._document)]

    def _content(self, parent: Any) -> Iterator[Block]:
        for child in parent:
            if child.tag == qn("w:sdt"):
                for content in child.findall(qn("w:sdtContent")):
                    yield from self._content(content)
            elif child.tag in (qn("w:p"), qn("w:tbl")):
                is_table = child.tag == qn("w:tbl")
                yield from table(_rows(child)) if is_table else _paragraph(child, self._levels)
                yield from self._pictures.blocks(self._document.part, child)


def _levels(document: Document) -> dict[str, int]:
    """Return the heading level of every paragraph style, in any language of its name."""
    levels: dict[str, int] = {}
    for style in document.styles.element.findall(qn("w:style")):
        name = style.find(qn("w:name"))
        words = (name.get(qn("w:val")) if name is not None else "").lower()
        outline = style.find(f"{qn('w:pPr')}/{qn('w:outlineLvl')}")
        match = re.fullmatch(r"heading (\d)", words)
        level = int(match[1]) if match else 1 if words == "title" else 0
        if outline is not None and not level:
            level = int(outline.get(qn("w:val"))) + 1
        levels[style.get(qn("w:styleId"))] = min(level, 6) if level < 10 else 0
    return levels


def _paragraph(element: Any, levels: dict[str, int]) -> list[Block]:
    style = element.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    level = levels.get(style.get(qn("w:val")), 0) if style is not None else 0
    text = _text(element)
    return block(" ".join(text.split()), "heading", level) if level else block(text)


def _text(element: Any) -> str:
    """Return the text as it would print: insertions in, deletions and fallbacks out."""
    parts = []
    for node in element.iter(qn("w:t"), qn("w:tab"), qn("w:br"), qn("w:cr"), qn("w:noBreakHyphen")):
        if is_fallback(node):
            continue
        if node.tag == qn("w:t"):
            parts.append(node.text or "")
        elif node.tag == qn("w:noBreakHyphen"):
            parts.append("-")
        elif node.getparent().tag != qn("w:tabs"):
            parts.append("\t" if node.tag == qn("w:tab") else "\n")
    return "".join(parts)


def _rows(element: Any) -> Iterator[list[str]]:
    for row in element.findall(qn("w:tr")):
        cells = []
        for cell in row.findall(qn("w:tc")):
            span = cell.find(f"{qn('w:tcPr')}/{qn('w:gridSpan')}")
            width = int(span.get(qn("w:val"))) if span is not None else 1
            text = " ".join(_text(p) for p in cell.iter(qn("w:p")))
            cells += [text] + [""] * (min(width, 100) - 1)
        yield cells


def _footnotes(document: Document) -> Iterator[Block]:
    for relation in document.part.rels.values():
        if relation.reltype.endswith(("/footnotes", "/endnotes")):
            root = parse_xml(relation.target_part.blob)
            for note in root:
                yield from block("\n".join(_text(p) for p in note.iter(qn("w:p"))))
