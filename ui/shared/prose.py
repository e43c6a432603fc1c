"""An answer's text as HTML: paragraphs, headings, lists, code, bold, marked sentences and chips.

The little Markdown that models write, and no more of it: no link, no picture, no HTML. Every letter
goes through `escape`, by its place in the text, so that citations and checks keep theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from ui.shared.frame import escape

Place = tuple[int, int]
Kind = Literal["p", "heading", "ul", "ol", "pre"]
_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
_CODE = re.compile(r"`([^`\n]+)`")
_FENCE = re.compile(r"[ \t]*(`{3,})[\w+#.-]*[ \t]*$")
_HEADING = re.compile(r"#{1,6} +")
_BULLET = re.compile(r"[ \t]*[-*•] +")
_NUMBER = re.compile(r"[ \t]*(\d{1,3})[.)] +")
_LINE = re.compile(r"[^\n]+|(?<=\n)(?=\n)")


@dataclass(frozen=True, slots=True)
class Inset:
    """HTML that stands in place of some characters (a chip), or around them (``close`` given)."""

    start: int
    end: int
    html: str
    close: str = ""


@dataclass(slots=True)
class _Block:
    """``parts``: the places of its paragraphs or items. ``first``: the number of a list's first."""

    kind: Kind
    parts: list[Place]
    first: int = 1
    open: bool = field(default=True, compare=False)


def written(text: str, chips: Sequence[Inset], marks: Sequence[Inset]) -> str:
    """Return ``text`` as HTML with ``chips`` in place of markers and ``marks`` around sentences."""
    return "".join(_html(block, text, chips, marks) for block in _blocks(text))


def _html(block: _Block, text: str, chips: Sequence[Inset], marks: Sequence[Inset]) -> str:
    if block.kind == "pre":
        return f"<pre>{_inline(text, block.parts[0], chips, ())}</pre>"
    parts = [_inline(text, place, chips, [*_styles(text, place), *marks]) for place in block.parts]
    if block.kind in ("ul", "ol"):
        start = f' start="{block.first}"' if block.first != 1 else ""
        items = "".join(f"<li>{part}</li>" for part in parts)
        return f"<{block.kind}{start}>{items}</{block.kind}>"
    kind = ' class="heading"' if block.kind == "heading" else ""
    return f"<p{kind}>{parts[0]}</p>"


def _blocks(text: str) -> list[_Block]:
    blocks: list[_Block] = []
    fence = ""
    for line in _LINE.finditer(text):
        if fence:
            fence = _in_code(blocks[-1], line, fence)
        elif found := _FENCE.match(line[0]):
            fence = found[1]
            after = min(line.end() + 1, len(text))
            blocks.append(_Block("pre", [(after, after)]))
        else:
            _take(blocks, line)
    return blocks


def _in_code(block: _Block, line: re.Match[str], fence: str) -> str:
    """Add a line to a block of code; return its fence, nothing where the line closes it."""
    bare = line[0].strip()
    if len(bare) >= len(fence) and not bare.strip(fence[0]):
        return ""
    block.parts[0] = (block.parts[0][0], line.end())
    return fence


def _take(blocks: list[_Block], line: re.Match[str]) -> None:
    """Add one line of prose to the block that it continues, or begin a new one."""
    last = blocks[-1] if blocks else None
    if not line[0].strip():
        if last:
            last.open = False
        return
    kind, sign, first = _sort_of(line[0])
    place = (line.start() + sign, line.end())
    if last and kind in ("ul", "ol") and last.kind == kind:
        last.parts.append(place)
        last.open = True
    elif last and last.open and kind == "p" and (last.kind == "p" or line[0][:2].isspace()):
        last.parts[-1] = (last.parts[-1][0], line.end())
    else:
        blocks.append(_Block(kind, [place], first, open=kind != "heading"))


def _sort_of(line: str) -> tuple[Kind, int, int]:
    """Return what a line begins, the length of its sign, and its number in a list."""
    if found := _HEADING.match(line):
        return "heading", found.end(), 1
    if found := _NUMBER.match(line):
        return "ol", found.end(), int(found[1])
    if found := _BULLET.match(line):
        return "ul", found.end(), 1
    return "p", 0, 1


def _inline(text: str, place: Place, chips: Sequence[Inset], styles: Sequence[Inset]) -> str:
    start, end = place
    here = [chip for chip in chips if start <= chip.start and chip.end <= end]
    taken = [(chip.start, chip.end) for chip in here]
    edges = {start, end, *(edge for one in (*here, *styles) for edge in (one.start, one.end))}
    parts = []
    for low, high in pairwise(sorted(edge for edge in edges if start <= edge <= end)):
        parts += [chip.html for chip in here if chip.start == low]
        if not any(a <= low < b for a, b in taken):
            words = text[low:high].rstrip(" ") if any(a == high for a, _ in taken) else None
            parts.append(_piece(text[low:high] if words is None else words, low, styles))
    return "".join(parts)


def _styles(text: str, place: Place) -> Iterator[Inset]:
    """Yield bold and code; their signs are insets that show nothing."""
    code = list(_CODE.finditer(text, *place))
    bold = [
        found
        for found in _BOLD.finditer(text, *place)
        if not any(one.start() < found.end() and found.start() < one.end() for one in code)
    ]
    for tag, matches in (("code", code), ("strong", bold)):
        for found in matches:
            yield Inset(found.start(), found.start(1), "")
            yield Inset(found.start(1), found.end(1), f"<{tag}>", f"</{tag}>")
            yield Inset(found.end(1), found.end(), "")


def _piece(words: str, at: int, styles: Sequence[Inset]) -> str:
    """Return words that no edge cuts, in the styles that hold there."""
    around = [one for one in styles if one.start <= at < one.end]
    if any(not one.html for one in around):
        return ""
    bare = words.strip()
    if not any(letter.isalnum() for letter in bare):
        around = [one for one in around if one.html in ("<strong>", "<code>")]
    if not bare or not around:
        return escape(words)
    lead, _, tail = words.partition(bare)
    opening = "".join(one.html for one in around)
    closing = "".join(one.close for one in reversed(around))
    return f"{escape(lead)}{opening}{escape(bare)}{closing}{escape(tail)}"
