"""The small markup in which the sample documents are written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TEXT = Path(__file__).parent / "text"


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a source: `heading`, `paragraph`, `quote`, `notes`, `list` or `table`.

    A list keeps each item in a row of its own, a table each row's cells.
    """

    kind: str
    text: str = ""
    level: int = 0
    rows: tuple[tuple[str, ...], ...] = ()


def read(name: str) -> list[Block]:
    """Blocks of a file in `text/`; blank lines separate them."""
    parts = re.split(r"\n\s*\n", (TEXT / name).read_text(encoding="utf-8").strip())
    return [_block(part.strip()) for part in parts]


def sections(blocks: list[Block], deepest: int = 6) -> list[list[Block]]:
    """Blocks cut before every heading of a level up to `deepest`."""
    cut: list[list[Block]] = []
    for block in blocks:
        if block.kind == "heading" and block.level <= deepest:
            cut.append([])
        cut[-1].append(block)
    return cut


def fill(table: Any, rows: tuple[tuple[str, ...], ...]) -> None:
    """Write `rows` into a table of python-docx or python-pptx."""
    for texts, row in zip(rows, table.rows, strict=True):
        for text, cell in zip(texts, row.cells, strict=True):
            cell.text = text


def _block(part: str) -> Block:
    lines = part.splitlines()
    if heading := re.fullmatch(r"(#+) (.+)", part):
        return Block("heading", heading[2], level=len(heading[1]))
    if part.startswith("| "):
        return Block("table", rows=tuple(_cells(line) for line in lines if "---" not in line))
    if part.startswith("- "):
        return Block("list", rows=tuple((line.removeprefix("- "),) for line in lines))
    if part.startswith("> "):
        return Block("quote", part.removeprefix("> "))
    if part.startswith("Notes: "):
        return Block("notes", part.removeprefix("Notes: "))
    return Block("paragraph", " ".join(lines))


def _cells(line: str) -> tuple[str, ...]:
    return tuple(cell.strip() for cell in line.strip("| ").split("|"))
