"""A workbook with one sheet a CSV file."""

from __future__ import annotations

import csv
from pathlib import Path

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from . import archive
from .source import TEXT


def build(sources: dict[str, str], target: Path) -> None:
    """Write a sheet for every name and CSV file in `sources`; numbers become numbers."""
    book = Workbook()
    book.remove(book.active)
    book.properties.creator = "Ranklens sample library"
    for name, source in sources.items():
        sheet = book.create_sheet(name)
        with (TEXT / source).open(encoding="utf-8", newline="") as file:
            rows = [[_value(cell) for cell in row] for row in csv.reader(file)]
        for row in rows:
            sheet.append(row)
        for number, column in enumerate(zip(*rows, strict=True), start=1):
            sheet.cell(1, number).font = Font(bold=True)
            width = max(len(str(value)) for value in column) + 2
            sheet.column_dimensions[get_column_letter(number)].width = width
        sheet.freeze_panes = "B2"
    book.save(target)
    archive.freeze(target)


def _value(cell: str) -> str | int | float | None:
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return cell or None
