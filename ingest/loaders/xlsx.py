"""XLSX, through openpyxl: a sheet is a page, every row keeps its column names.

Hidden sheets are left out unless asked for, as nobody who opens the file sees them. Hidden rows and
columns are read: a filter hides them, and they are still the table's data. A formula whose result
the file does not hold is read as the formula.
"""

from __future__ import annotations

import datetime as dt
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import ParseError

import openpyxl  # type: ignore[import-untyped]
from lxml.etree import iterparse  # type: ignore[import-untyped]
from openpyxl.utils.exceptions import InvalidFileException  # type: ignore[import-untyped]

from ingest.loaders.base import Block, Loaded, Page, block, grid
from ingest.loaders.options import LoadOptions
from ingest.loaders.zipped import office_file, open_zip
from rag.text.plural import plural

SHEETS = "xl/worksheets/"


def load(path: Path, options: LoadOptions) -> Loaded:
    """Return one page a visible sheet; raises `DocumentError` if the file is damaged."""
    faults = (InvalidFileException, TypeError, IndexError, ParseError, zipfile.BadZipFile)
    with office_file(path, "XLSX", faults) as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # openpyxl warns of styles and extensions it skips
        uncomputed = _uncomputed(path)
        book = openpyxl.load_workbook(file, read_only=True, data_only=True)
        formulas = openpyxl.load_workbook(file, read_only=True) if uncomputed else None
        hidden = [s.title for s in book.worksheets if s.sheet_state != "visible"]
        left_out = [] if options.hidden_sheets else hidden
        sheets = [
            (s.title, list(_rows(s, formulas[s.title] if formulas else None)))
            for s in book.worksheets
            if s.title not in left_out
        ]
        book.close()
        warned = tuple(_warnings(left_out, uncomputed))
    return Loaded([Page(n, tuple(_sheet(*sheet))) for n, sheet in enumerate(sheets, 1)], warned)


def _warnings(hidden: list[str], uncomputed: int) -> Iterator[str]:
    if hidden:
        names = ", ".join(f"“{title}”" for title in hidden)
        yield (
            f"{plural(len(hidden), 'hidden sheet was', 'hidden sheets were')} left out: {names} "
            "(option hidden_sheets)"
        )
    if uncomputed:
        one = "formula has no stored result and stands as a formula"
        many = "formulas have no stored result and stand as formulas"
        yield (
            f"{plural(uncomputed, one, many)}; open the file in Excel or LibreOffice and save it "
            "to store the results"
        )


def _uncomputed(path: Path) -> int:
    """Count the cells that hold a formula but no result, as programs write that do not compute."""
    count = 0
    with open_zip(path) as archive:
        for name in archive.namelist():
            if name.startswith(SHEETS) and name.endswith(".xml"):
                with archive.open(name) as sheet:
                    cells = iterparse(sheet, tag="{*}c", resolve_entities=False)
                    count += sum(_has_no_result(cell) for _, cell in cells)
    return count


def _has_no_result(cell: Any) -> bool:
    values = {child.tag.rpartition("}")[2]: child.text for child in cell}
    is_text = cell.get("t") == "str"  # which may be empty
    cell.clear()
    while cell.getprevious() is not None:  # the row would keep all of them in memory
        del cell.getparent()[0]
    return "f" in values and not values.get("v") and not (is_text and "v" in values)


def _sheet(title: str, rows: list[list[str]]) -> list[Block]:
    blocks = grid(rows)
    return block(title, "heading", 1) + blocks if blocks else []


def _rows(sheet: Any, formulas: Any = None) -> Iterator[list[str]]:
    """Yield a sheet's rows; ``formulas`` is the sheet with formulas in place of their results."""
    sheet.reset_dimensions()  # a file's own dimensions may be wrong
    rows = sheet.iter_rows(values_only=True)
    if formulas is not None:
        formulas.reset_dimensions()
        both = zip(rows, formulas.iter_rows(values_only=True), strict=False)
        rows = (list(map(_or_formula, *pair)) for pair in both)
    for row in rows:
        if any(value is not None for value in row):
            yield [_cell(value) for value in row]


def _or_formula(value: Any, formula: Any) -> Any:
    """Return a cell's value, or its formula, labelled, if it has one without a result."""
    text = getattr(formula, "text", formula)  # of an array's formula
    if value is not None or not isinstance(text, str) or not text.startswith("="):
        return value
    return f"{text} (formula, not computed)"


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        midnight = value.time() == dt.time()
        return value.date().isoformat() if midnight else value.isoformat(" ", "minutes")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.12g}"
    return str(value)
