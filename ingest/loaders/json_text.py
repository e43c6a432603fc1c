"""JSON and JSON Lines: arrays of objects as rows, the rest by its keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ingest.loaders.base import Block, Page, block, one_line
from ingest.loaders.decode import read_text
from ingest.loaders.faults import NESTED
from ingest.loaders.options import LoadOptions
from rag.errors import DocumentError

DEEPEST = 6  # below this, values are written as JSON in their row
LONGEST_NUMBER = 300  # digits
LONG_TEXT = 300  # a longer string is a paragraph of its own


def load(path: Path, options: LoadOptions) -> list[Page]:
    """Return the document as one page; raises `DocumentError` if it is no JSON.

    JSON Lines are recognised by their content: more follows the first value.
    """
    try:
        values = _values(read_text(path))
        return [Page(None, tuple(b for value in values for b in value_blocks(value, 1)))]
    except RecursionError:
        raise DocumentError(NESTED) from None


def _values(text: str) -> list[Any]:
    try:
        return [json.loads(text, parse_int=_whole)]
    except ValueError as error:
        if "Extra data" not in str(error):
            raise DocumentError(f"it is not valid JSON: {error}") from None
    return list(_lines(text))


def _lines(text: str) -> Iterator[Any]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield json.loads(line, parse_int=_whole)
            except ValueError as error:
                raise DocumentError(f"line {number} is not valid JSON: {error}") from None


def _whole(digits: str) -> int | str:
    """Return a whole number; one of more digits than Python converts stays as it is written."""
    return int(digits) if len(digits) <= LONGEST_NUMBER else digits


def value_blocks(value: Any, level: int) -> list[Block]:
    """Return any JSON value as blocks, headings starting at ``level``."""
    if isinstance(value, dict):
        return _object(value, level)
    if isinstance(value, list):
        return [b for item in value for b in value_blocks(item, level)]
    return block(scalar(value))


def scalar(value: Any) -> str:
    """Return a single value in words: no quotes, true and false as in JSON, null as nothing."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _object(value: dict[str, Any], level: int) -> list[Block]:
    cells, blocks = [], []
    for key, item in value.items():
        if _is_large(item) and level <= DEEPEST:
            under = value_blocks(item, level + 1)
            blocks += block(key, "heading", level) + under if under else []
        elif text := _cell(item):
            cells.append(f"{key}: {text}")
    return block("; ".join(cells), "row") + blocks


def _is_large(item: Any) -> bool:
    if isinstance(item, list):
        return any(isinstance(x, dict | list) for x in item)
    if isinstance(item, dict):
        return any(_is_large(x) or isinstance(x, dict) for x in item.values()) or len(item) > 8
    return isinstance(item, str) and len(item) > LONG_TEXT


def _cell(item: Any) -> str:
    if isinstance(item, list) and not any(isinstance(x, dict | list) for x in item):
        return ", ".join(one_line(scalar(x)) for x in item)
    if isinstance(item, dict):
        return ", ".join(f"{k} {one_line(scalar(v))}" for k, v in item.items() if v is not None)
    return one_line(scalar(item))
