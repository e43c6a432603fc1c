"""PDFs: a paper in two columns and a plain article in one."""

from __future__ import annotations

from html import escape
from pathlib import Path

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_JUSTIFY
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    FrameBreak,
    NextPageTemplate,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

from .source import Block, read

WIDTH, HEIGHT = A4
MARGIN, GUTTER, HEAD, PAD = 20 * mm, 8 * mm, 46 * mm, 4
INK, MUTED, LINE = HexColor("#1b2a41"), HexColor("#5c6b80"), HexColor("#b8c2d0")

BODY = ParagraphStyle(
    "body",
    fontName="Times-Roman",
    fontSize=11,
    leading=14.5,
    spaceAfter=6,
    allowWidows=0,
    allowOrphans=0,
)
PAPER = ParagraphStyle("paper", BODY, fontSize=10.4, leading=13.4, alignment=TA_JUSTIFY)
TITLE = ParagraphStyle("title", fontName="Helvetica-Bold", fontSize=22, leading=27, textColor=INK)
SUBTITLE = ParagraphStyle(
    "subtitle", fontName="Helvetica", fontSize=11, leading=15, textColor=MUTED, spaceAfter=10
)
HEADING = ParagraphStyle(
    "heading", TITLE, fontSize=11.5, leading=14, spaceBefore=8, spaceAfter=4, keepWithNext=1
)
ABSTRACT = ParagraphStyle("abstract", BODY, fontName="Times-Italic", fontSize=10.5, leading=13.5)
CAPTION = ParagraphStyle(
    "caption",
    fontName="Helvetica-Bold",
    fontSize=8.5,
    leading=11,
    spaceBefore=6,
    spaceAfter=4,
    keepWithNext=1,
)
CELL = ParagraphStyle("cell", fontName="Helvetica", fontSize=8, leading=9.8)
HEAD_CELL = ParagraphStyle("head-cell", CELL, fontName="Helvetica-Bold", textColor=INK)


def build_paper(source: str, target: Path) -> None:
    """Write a paper: title and abstract across the page, the rest in two columns."""
    blocks = read(source)
    front, rest = blocks[:3], blocks[3:]
    story = [*_front(front), FrameBreak(), NextPageTemplate("later")]
    story += _story(rest, PAPER, _column(0, 0).width)
    _document(target, front[0].text, [_paper_page("first", HEAD), _paper_page("later", 0)], story)


def build_article(source: str, target: Path) -> None:
    """Write an article in one column."""
    blocks = read(source)
    frame = Frame(MARGIN, MARGIN, WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN, 0, 0, 0, 0)
    story = _front(blocks[:2]) + _story(blocks[2:], BODY, WIDTH - 2 * MARGIN)
    _document(target, blocks[0].text, [PageTemplate("page", [frame], onPage=_footer)], story)


def _document(
    target: Path, title: str, templates: list[PageTemplate], story: list[Flowable]
) -> None:
    # invariant: no time and no random id in the file, so that the same text gives the same bytes
    document = BaseDocTemplate(
        str(target), pagesize=A4, title=title, author="Ranklens sample library", invariant=1
    )
    document.addPageTemplates(templates)
    document.build(story)


def _paper_page(name: str, head: float) -> PageTemplate:
    columns = [_column(0, head), _column(1, head)]
    title = Frame(MARGIN, HEIGHT - MARGIN - head, WIDTH - 2 * MARGIN, head, 0, 0, 0, 0)
    return PageTemplate(name, [title, *columns] if head else columns, onPage=_footer)


def _column(index: int, head: float) -> Frame:
    width = (WIDTH - 2 * MARGIN - GUTTER) / 2
    left = MARGIN + index * (width + GUTTER)
    return Frame(left, MARGIN, width, HEIGHT - 2 * MARGIN - head, 0, 0, 0, 0)


def _footer(canvas: Canvas, document: BaseDocTemplate) -> None:
    canvas.setFont("Helvetica", 8)
    canvas.setFillColor(MUTED)
    canvas.drawString(MARGIN, 11 * mm, document.title)
    canvas.drawRightString(WIDTH - MARGIN, 11 * mm, f"Page {canvas.getPageNumber()}")


def _front(blocks: list[Block]) -> list[Flowable]:
    styles = (TITLE, SUBTITLE, ABSTRACT)
    return [
        Paragraph(escape(block.text), style) for block, style in zip(blocks, styles, strict=False)
    ]


def _story(blocks: list[Block], body: ParagraphStyle, width: float) -> list[Flowable]:
    story: list[Flowable] = []
    for block in blocks:
        if block.kind == "table":
            story += [_table(block, width), Spacer(0, 8)]
            continue
        style = HEADING if block.kind == "heading" else body
        story.append(Paragraph(escape(block.text), CAPTION if _is_caption(block) else style))
    return story


def _is_caption(block: Block) -> bool:
    return block.text.startswith("Table ")


def _table(block: Block, width: float) -> Table:
    cells = [
        [Paragraph(escape(cell), CELL if number else HEAD_CELL) for cell in row]
        for number, row in enumerate(block.rows)
    ]
    style = [
        ("LINEABOVE", (0, 0), (-1, 0), 1, INK),
        ("LINEBELOW", (0, 0), (-1, -1), 0.4, LINE),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 2 * PAD),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
    ]
    return Table(cells, colWidths=_widths(block, width), repeatRows=1, style=TableStyle(style))


def _widths(block: Block, width: float) -> list[float]:
    # no column is narrower than its longest word, and no cell is broken where there is room
    columns = list(zip(*block.rows, strict=True))
    wanted = [max(_measure(cell) for cell in column) for column in columns]
    least = [max(_measure(word) for cell in c for word in cell.split()) for c in columns]
    base = wanted if sum(wanted) <= width else least
    spare = (width - sum(base)) / sum(wanted)
    return [low + spare * want for low, want in zip(base, wanted, strict=True)]


def _measure(text: str) -> float:
    return stringWidth(text, HEAD_CELL.fontName, HEAD_CELL.fontSize) + 2 * PAD + 1
