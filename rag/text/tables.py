"""The rows of Markdown tables, as models write them: a row, a rule below it, and more rows."""

from __future__ import annotations

import re
from collections.abc import Sequence

TextRange = tuple[int, int]
RULE = re.compile(r"\|?(?:[ \t]*:?-+:?[ \t]*\|)+(?:[ \t]*:?-+:?)?$")  # of a line without its ends
_CELL = re.compile(r"(?:[^|\\\n]|\\.)*")


def cells(text: str, row: TextRange) -> list[TextRange]:
    """Return the ranges of a row's cells, without the white space and bars around them."""
    start, end = row
    line = text[start:end].rstrip()
    end = start + len(line)
    if line.endswith("|") and not line.endswith("\\|"):
        end -= 1
    start += len(line) - len(line.lstrip())
    start += text.startswith("|", start)
    found = []
    while start <= end:
        cell = _CELL.match(text, start, end)
        until = cell.end() if cell else end
        words = text[start:until]
        low = start + len(words) - len(words.lstrip())
        found.append((low, max(low, start + len(words.rstrip()))))
        start = until + 1
    return found


def rows(lines: Sequence[str]) -> set[int]:
    """Return which lines are rows of tables, their rules too, by place."""
    found: set[int] = set()
    for place, line in enumerate(lines[1:], 1):
        head = lines[place - 1]
        if RULE.match(line.strip()) and 1 < _width(head) == _width(line):
            found |= {place - 1, place}
        elif place - 1 in found and "|" in line and place - 1 > 0:
            found.add(place)
    return found


def _width(line: str) -> int:
    return len(cells(line, (0, len(line))))
