"""Tables of HTML as rows that keep their column names."""

from __future__ import annotations

from bs4 import Tag

from ingest.loaders.base import Block, block, one_line, row

WIDEST_SPAN = 100


def table_blocks(table: Tag) -> list[Block] | None:
    """Return a table's caption and rows, or None where the table only lays out other parts."""
    if table.find(["table", "h1", "h2", "h3", "ul", "ol", "pre"]):
        return None
    rows = [(r, _cells(r)) for r in table.find_all("tr")]
    _fill_row_spans(rows)
    filled = [(r, cells) for r, cells in rows if any(cells)]
    caption = table.find("caption")
    blocks = block(one_line(caption.get_text(" "))) if isinstance(caption, Tag) else []
    names: list[str] = []
    if len(filled) > 1 and _names_columns(filled[0][0], table):
        names = filled.pop(0)[1]
    return blocks + [b for r, cells in filled for b in _row(r, names, cells)]


def _row(tag: Tag, names: list[str], cells: list[str]) -> list[Block]:
    first = tag.find(["th", "td"])
    if not names and isinstance(first, Tag) and first.name == "th" and len(cells) > 1:
        return row([cells[0]], [", ".join(c for c in cells[1:] if c)])
    return row(names, cells)


def _names_columns(first: Tag, table: Tag) -> bool:
    """Tell whether the first row names the columns: all of it is th, or nothing in the table."""
    cells = first.find_all(["th", "td"])
    return all(cell.name == "th" for cell in cells) or not table.find("th")


def _cells(tag: Tag) -> list[str]:
    cells: list[str] = []
    for cell in tag.find_all(["th", "td"]):
        text = one_line(cell.get_text(" "))
        cells += [text] + [text if cell.name == "th" else ""] * (_span(cell, "colspan") - 1)
    return cells


def _fill_row_spans(rows: list[tuple[Tag, list[str]]]) -> None:
    """Write a cell that spans rows into each of them."""
    for index, (tag, _) in enumerate(rows):
        column = 0
        for cell in tag.find_all(["th", "td"]):
            for below in range(1, _span(cell, "rowspan")):
                if index + below < len(rows):
                    rows[index + below][1].insert(column, one_line(cell.get_text(" ")))
            column += _span(cell, "colspan")


def _span(cell: Tag, name: str) -> int:
    value = str(cell.get(name, "1"))
    return max(1, min(int(value), WIDEST_SPAN)) if value.isdecimal() else 1
