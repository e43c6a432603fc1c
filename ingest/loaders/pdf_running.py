"""Headers and footers that return on the pages of a PDF."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.loaders.pdf_lines import Line

OFTEN, MOSTLY = 0.12, 0.8  # shares of pages; a table's header returns on some, too
PAGE_NUMBERS = ("#", "page #", "page # of #", "- # -")
EDGE_LINES = 2  # lines at the top and the bottom of a page that may be running ones
Pages = Sequence[tuple[int, Sequence[Line]]]


def without_running(pages: Pages) -> list[list[Line]]:
    """Return the lines of pages, each given with its number, without page numbers.

    Of headers and footers that most pages share, only the first is left.
    """
    running = _running(pages)
    return [_kept(running, number, lines) for number, lines in pages]


def _running(pages: Pages) -> dict[str, int]:
    """Return headers and footers that most pages share, with the first page that has them."""
    found: dict[str, list[int]] = {}
    for number, lines in pages:
        for key in {_key(line) for line in _edges(lines)}:
            found.setdefault(key, []).append(number)
    return {
        key: on[0]
        for key, on in found.items()
        if len(on) >= max(3, len(pages) * (MOSTLY if "\t" in key else OFTEN))
    }


def _kept(running: dict[str, int], number: int, lines: Sequence[Line]) -> list[Line]:
    edges = {id(line) for line in _edges(lines)}
    kept = []
    for line in lines:
        key = _key(line) if id(line) in edges else ""
        if key not in PAGE_NUMBERS and running.get(key, number) == number:
            kept.append(line)
    return kept


def _edges(lines: Sequence[Line]) -> list[Line]:
    """Return a page's highest and lowest lines; fewer if it has few, as they may be all."""
    count = EDGE_LINES if len(lines) >= 4 * EDGE_LINES else 1
    by_height = sorted(lines, key=lambda line: -line.y)
    return [*by_height[:count], *by_height[count:][-count:]]


def _key(line: Line) -> str:
    return re.sub(r"\d+", "#", "\t".join(cell.text for cell in line.cells).lower())
