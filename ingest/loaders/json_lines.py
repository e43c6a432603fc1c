"""JSON Lines: one value a line."""

from __future__ import annotations

import json
from pathlib import Path

from ingest.loaders.base import Block, Page
from ingest.loaders.decode import read_text
from ingest.loaders.json_text import value_blocks
from rag.errors import DocumentError


def load(path: Path, password: str = "") -> list[Page]:
    """Return the lines as one page; raises `DocumentError` that names the line that is no JSON."""
    return [Page(None, tuple(lines_blocks(read_text(path))))]


def lines_blocks(text: str) -> list[Block]:
    """Return the blocks of every line of ``text``."""
    blocks: list[Block] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                blocks += value_blocks(json.loads(line), 1)
            except RecursionError:
                raise DocumentError(f"line {number} is nested too deeply to read") from None
            except ValueError as error:
                raise DocumentError(f"line {number} is not valid JSON: {error}") from None
    return blocks
