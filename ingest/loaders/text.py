"""Plain text: paragraphs between blank lines, headings if a line is underlined."""

from __future__ import annotations

import re
from pathlib import Path

from ingest.loaders.base import Block, Page, block
from ingest.loaders.decode import read_text
from ingest.loaders.options import LoadOptions

UNDERLINE = re.compile(r"([=\-~^\"'`#*+.:_])\1{2,}\s*")
BLANK = re.compile(r"\n[ \t]*(?:\n[ \t]*)+|\f")


def load(path: Path, options: LoadOptions) -> list[Page]:
    """Return a text file as one page."""
    return [Page(None, tuple(text_blocks(read_text(path))))]


def text_blocks(text: str) -> list[Block]:
    """Return the paragraphs of ``text``, and its underlined headings (as in reStructuredText).

    The first mark used for underlining is level 1, the next new one level 2, and so on.
    """
    marks: list[str] = []
    blocks: list[Block] = []
    for part in BLANK.split(text.replace("\r\n", "\n").replace("\r", "\n")):
        blocks += _part(part.strip("\n"), marks)
    return blocks


def _part(part: str, marks: list[str]) -> list[Block]:
    lines = part.split("\n", 3)
    over = len(lines) > 2 and UNDERLINE.fullmatch(lines[0]) and lines[0] == lines[2]
    title, rule = (lines[1], lines[2]) if over else (lines[0], lines[1] if lines[1:] else "")
    match = UNDERLINE.fullmatch(rule)
    if not match or not title.strip() or len(rule.strip()) < 0.8 * len(title.strip()):
        return block(part)
    mark = match[1] * (2 if over else 1)
    if mark not in marks:
        marks.append(mark)
    rest = "\n".join(lines[3 if over else 2 :])
    return block(title, "heading", min(marks.index(mark) + 1, 6)) + block(rest)
