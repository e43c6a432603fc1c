"""XLSX, through openpyxl: a sheet is a page, every row keeps its column names."""

from __future__ import annotations

import datetime as dt
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl  # type: ignore[import-untyped]
from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

from ingest.loaders.base import Block, Page, block, grid
from ingest.loaders.zipped import office_file


def load(path: Path, password: str = "") -> list[Page]:
    """Return one page a sheet; raises `DocumentError` if the file is damaged."""
    faults = (InvalidFileException, TypeError, IndexError, ParseError, zipfile.BadZipFile)
    with office_file(path, "XLSX", faults) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions it skips
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        sheets = [(s.title, list(_rows(s))) for s in book.worksheets]
    return [Page(n, tuple(_sheet(*sheet))) for n, sheet in enumerate(sheets, 1)]


def _sheet(title: str, rows: list[list[str]]) -> list[Block]:
    blocks = grid(rows)
    return block(title, "heading", 1) + blocks if blocks else []


def _rows(sheet: Any) -> Iterator[list[str]]:
    sheet.reset_dimensions()  # a file's own dimensions may be wrong
    for row in sheet.iter_rows(values_only=True):
        if any(value is not None for value in row):
            yield [_cell(value) for value in row]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "minutes")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.12g}"
    return str(value)
