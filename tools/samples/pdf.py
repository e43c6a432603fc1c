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
SMALL = {"spaceAfter": 4, "keepWithNext": 1}
HEADING = ParagraphStyle("heading", TITLE, fontSize=11.5, leading=14, spaceBefore=8, **SMALL)
ABSTRACT = ParagraphStyle("abstract", BODY, fontName="Times-Italic", fontSize=10.5, leading=13.5)
CELL = ParagraphStyle("cell", fontName="Helvetica", fontSize=8, leading=9.8)
HEAD_CELL = ParagraphStyle("head-cell", CELL, fontName="Helvetica-Bold", textColor=INK)
CAPTION = ParagraphStyle(
    "caption", fontName="Helvetica-Bold", fontSize=8.5, leading=11, spaceBefore=6, **SMALL
)  # fmt: skip


def build_paper(source: str, target: Path) -> None:
    """Write a paper: title and abstract across the page, the rest in two columns."""
    blocks = read(source)
    column = (WIDTH - 2 * MARGIN - GUTTER) / 2
    front = _frame(0, WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN - HEAD, HEAD)
    first, later = (
        [_frame(left, column, 0, HEIGHT - 2 * MARGIN - head) for left in (0, column + GUTTER)]
        for head in (HEAD, 0)
    )
    templates = [_page("first", front, *first), _page("later", *later)]
    story = [*_front(blocks[:3]), FrameBreak(), NextPageTemplate("later")]
    _write(target, blocks[0].text, templates, story + _story(blocks[3:], PAPER, column))


def build_article(source: str, target: Path) -> None:
    """Write an article in one column."""
    blocks = read(source)
    width = WIDTH - 2 * MARGIN
    templates = [_page("page", _frame(0, width, 0, HEIGHT - 2 * MARGIN))]
    story = _front(blocks[:2]) + _story(blocks[2:], BODY, width)
    _write(target, blocks[0].text, templates, story)


def _write(target: Path, title: str, templates: list[PageTemplate], story: list[Flowable]) -> None:
    # invariant: no time and no random id in the file, so that the same text gives the same bytes
    document = BaseDocTemplate(
        str(target), pagesize=A4, title=title, author="Ranklens sample library", invariant=1
    )
    document.addPageTemplates(templates)
    document.build(story)


def _page(name: str, *frames: Frame) -> PageTemplate:
    return PageTemplate(name, list(frames), onPage=_footer)


def _frame(left: float, width: float, bottom: float, height: float) -> Frame:
    """Return a frame without padding, placed from the margins."""
    return Frame(MARGIN + left, MARGIN + bottom, width, height, 0, 0, 0, 0)


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
        style = CAPTION if block.text.startswith("Table ") else style
        story.append(Paragraph(escape(block.text), style))
    return story


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
