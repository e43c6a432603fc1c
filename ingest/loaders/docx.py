"""DOCX, through python-docx: paragraphs, headings and tables in their order, then footnotes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docx
from docx.document import Document
from docx.opc.exceptions import OpcError
from docx.oxml import parse_xml
from docx.oxml.ns import qn

from ingest.loaders.base import Block, Loaded, Page, block, not_read, table
from ingest.loaders.zipped import office_file

DRAWN = (qn("a:blip"), "{urn:schemas-microsoft-com:vml}imagedata")


def load(path: Path, password: str = "") -> Loaded:
    """Return the document as one page; raises `DocumentError` if it is damaged."""
    with office_file(path, "DOCX", (OpcError,)) as file:
        document = docx.Document(file)
        blocks = [*_content(document.element.body, _levels(document)), *_footnotes(document)]
        pictures = sum(not _is_fallback(x) for x in document.element.body.iter(*DRAWN))
        return Loaded([Page(None, tuple(blocks))], not_read(pictures))


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


def _content(parent: Any, levels: dict[str, int]) -> Iterator[Block]:
    for child in parent:
        if child.tag == qn("w:p"):
            yield from _paragraph(child, levels)
        elif child.tag == qn("w:tbl"):
            yield from table(_rows(child))
        elif child.tag == qn("w:sdt"):
            for content in child.findall(qn("w:sdtContent")):
                yield from _content(content, levels)


def _paragraph(element: Any, levels: dict[str, int]) -> list[Block]:
    style = element.find(f"{qn('w:pPr')}/{qn('w:pStyle')}")
    level = levels.get(style.get(qn("w:val")), 0) if style is not None else 0
    text = _text(element)
    return block(" ".join(text.split()), "heading", level) if level else block(text)


def _text(element: Any) -> str:
    """Return the text as it would print: insertions in, deletions and fallbacks out."""
    parts = []
    for node in element.iter(qn("w:t"), qn("w:tab"), qn("w:br"), qn("w:cr"), qn("w:noBreakHyphen")):
        if _is_fallback(node):
            continue
        if node.tag == qn("w:t"):
            parts.append(node.text or "")
        elif node.tag == qn("w:noBreakHyphen"):
            parts.append("-")
        elif node.getparent().tag != qn("w:tabs"):
            parts.append("\t" if node.tag == qn("w:tab") else "\n")
    return "".join(parts)


def _is_fallback(node: Any) -> bool:
    return any(a.tag.endswith("}Fallback") for a in node.iterancestors())


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
