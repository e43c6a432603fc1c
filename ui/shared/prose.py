"""An answer's text as HTML: paragraphs, headings, lists, tables, code, bold, marks and chips.

The little Markdown that models write, and no more of it: no link, no picture, no HTML. The text is
cut into runs by place, so that citations and checks keep theirs; the template escapes each run.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Literal, TypeVar

from markupsafe import Markup

from rag.text import tables
from rag.text.tables import TextRange
from rag.types import Chunk
from ui.shared.html import render

_BOLD_OPENS, _BOLD_CLOSES = re.compile(r"\*\*(?=\S)"), re.compile(r"(?<=\S)\*\*")
_CODE = re.compile(r"`([^`\n]+)`")
_FENCE = re.compile(r"[ \t]*(`{3,})[\w+#.-]*[ \t]*$")
_HEADING = re.compile(r"#{1,6} +")
_BULLET = re.compile(r"[ \t]*[-*•] +")
_NUMBER = re.compile(r"[ \t]*(\d{1,3})[.)] +")
_LINE = re.compile(r"[^\n]+|(?<=\n)(?=\n)")


@dataclass(frozen=True, slots=True)
class ChipPlace:
    """The marker at ``start:end`` that a citation's chip takes the place of."""

    start: int
    end: int
    number: int
    chunk: Chunk


@dataclass(frozen=True, slots=True)
class TextStyle:
    """How ``start:end`` looks: an element, or a span of a class; a ``sign`` is not shown."""

    start: int
    end: int
    kind: Literal["strong", "code", "sign", "uncited", "doubtful", "only"]
    title: str = ""


Placed = TypeVar("Placed", ChipPlace, TextStyle)


@dataclass(frozen=True, slots=True)
class ProseRun:
    """Words of one look between white space, or a chip."""

    lead: str = ""
    words: str = ""
    tail: str = ""
    styles: tuple[TextStyle, ...] = ()
    chip: ChipPlace | None = None


@dataclass(slots=True)
class ProseBlock:
    """``parts``: the ranges of its paragraphs, items or cells, row after row.

    ``first`` is the number of a list's first item, ``columns`` how many cells a row has.
    """

    kind: Literal["p", "heading", "ul", "ol", "pre", "table"]
    parts: list[TextRange]
    first: int = 1
    columns: int = 0
    open: bool = field(default=True, compare=False)


def written(text: str, chips: Sequence[ChipPlace] = (), marks: Sequence[TextStyle] = ()) -> Markup:
    """Return ``text`` as HTML with ``chips`` in place of markers and ``marks`` on sentences."""
    chips_in, marks_in = _reaching_into(chips), _reaching_into(marks)

    def runs(block: ProseBlock, part: TextRange) -> Iterator[ProseRun]:
        plain = block.kind == "pre"
        styles = [] if plain else [*_styles(text, part), *marks_in(part)]
        return _runs(text, part, chips_in(part), styles)

    blocks = [(block, [runs(block, part) for part in block.parts]) for block in _blocks(text)]
    return render("shared/prose.html", blocks=blocks)


def _reaching_into(placed: Sequence[Placed]) -> Callable[[TextRange], Sequence[Placed]]:
    """Return what finds those that a range may share characters with, without asking each."""
    held = sorted(placed, key=lambda one: one.start)
    starts = [one.start for one in held]
    ends = list(accumulate((one.end for one in held), max))
    return lambda part: held[bisect_right(ends, part[0]) : bisect_left(starts, part[1])]


def _blocks(text: str) -> list[ProseBlock]:
    blocks: list[ProseBlock] = []
    fence = ""
    for line in _LINE.finditer(text):
        if fence:
            fence = _in_code(blocks[-1], line, fence)
        elif found := _FENCE.match(line[0]):
            fence = found[1]
            after = min(line.end() + 1, len(text))
            blocks.append(ProseBlock("pre", [(after, after)]))
        else:
            _take(blocks, line)
    return blocks


def _in_code(block: ProseBlock, line: re.Match[str], fence: str) -> str:
    """Add a line to a block of code; return its fence, nothing if the line closes it."""
    bare = line[0].strip()
    if len(bare) >= len(fence) and not bare.strip(fence[0]):
        return ""
    block.parts[0] = (block.parts[0][0], line.end())
    return fence


def _take(blocks: list[ProseBlock], line: re.Match[str]) -> None:
    """Add one line of prose to the block that it continues, or begin a new one."""
    last = blocks[-1] if blocks else None
    if not line[0].strip():
        if last:
            last.open = False
        return
    if last and last.open and _in_table(blocks, line):
        return
    block = _begun(line)
    if last and block.kind in ("ul", "ol") and last.kind == block.kind:
        last.parts += block.parts
        last.open = True
    elif last and last.open and block.kind == "p" and (last.kind == "p" or line[0][:2].isspace()):
        last.parts[-1] = (last.parts[-1][0], line.end())
    else:
        blocks.append(block)


def _in_table(blocks: list[ProseBlock], line: re.Match[str]) -> bool:
    """Add a line to the table that is open, or make one of the line before; else False."""
    last = blocks[-1]
    if last.kind == "table" and "|" in line[0]:
        cells = tables.cells(line.string, line.span())[: last.columns]
        last.parts += cells + [(line.end(), line.end())] * (last.columns - len(cells))
        return True
    if last.kind != "p" or not tables.RULE.match(line[0].strip()):
        return False
    start, end = last.parts[-1]
    head = max(start, line.string.rfind("\n", start, end) + 1)
    cells = tables.cells(line.string, (head, end))
    if len(cells) < 2 or len(cells) != len(tables.cells(line.string, line.span())):
        return False
    if head > start:
        last.parts[-1] = (start, head - 1)
        last.open = False
    else:
        blocks.pop()
    blocks.append(ProseBlock("table", cells, columns=len(cells)))
    return True


def _begun(line: re.Match[str]) -> ProseBlock:
    """Return the block that a line begins, without the line's sign."""
    if found := _HEADING.match(line[0]):
        return ProseBlock("heading", [(line.start() + found.end(), line.end())], open=False)
    if found := _NUMBER.match(line[0]):
        return ProseBlock("ol", [(line.start() + found.end(), line.end())], int(found[1]))
    if found := _BULLET.match(line[0]):
        return ProseBlock("ul", [(line.start() + found.end(), line.end())])
    return ProseBlock("p", [line.span()])


def _runs(
    text: str, place: TextRange, chips: Sequence[ChipPlace], styles: Sequence[TextStyle]
) -> Iterator[ProseRun]:
    """Cut a part of the text wherever its look changes."""
    start, end = place
    here = {chip.start: chip for chip in chips if start <= chip.start and chip.end <= end}
    begins: dict[int, list[int]] = {}
    for number, one in enumerate(styles):
        begins.setdefault(max(start, one.start), []).append(number)
    edges = {start, end, *(edge for one in styles for edge in (one.start, one.end))}
    edges |= {edge for chip in here.values() for edge in (chip.start, chip.end)}
    now: list[int] = []
    chip_ends = start
    for low, high in pairwise(sorted(edge for edge in edges if start <= edge <= end)):
        # In the order of ``styles``: of two looks the first is the outer one.
        now = sorted([*(n for n in now if styles[n].end > low), *begins.get(low, ())])
        if chip := here.get(low):
            chip_ends = chip.end
            yield ProseRun(chip=chip)
        if low >= chip_ends:
            words = text[low:high].rstrip(" ") if high in here else text[low:high]
            yield _run(words, [styles[n] for n in now if styles[n].end > low])


def _styles(text: str, place: TextRange) -> Iterator[TextStyle]:
    """Yield bold and code; their signs are not shown."""
    code = [found.span() for found in _CODE.finditer(text, *place)]
    ends = [end for _, end in code]
    for start, end in code:
        yield from _signed(start, end, 1, "code")
    for start, end in _bold(text, place):
        following = bisect_right(ends, start)
        if following == len(code) or code[following][0] >= end:
            yield from _signed(start, end, 2, "strong")


def _bold(text: str, place: TextRange) -> Iterator[TextRange]:
    """Yield what stands between two pairs of stars on one line."""
    at, until = place
    line_ends = at
    while opening := _BOLD_OPENS.search(text, at, until):
        if line_ends < opening.end():
            line_ends = text.find("\n", opening.end(), until)
            line_ends = until if line_ends < 0 else line_ends
        closing = _BOLD_CLOSES.search(text, opening.end() + 1, line_ends)
        if closing:
            yield opening.start(), closing.end()
        # Without an end on this line, what begins later on it has none either.
        at = closing.end() if closing else max(line_ends, opening.end())


def _signed(
    start: int, end: int, signs: int, kind: Literal["strong", "code"]
) -> Iterator[TextStyle]:
    yield TextStyle(start, start + signs, "sign")
    yield TextStyle(start + signs, end - signs, kind)
    yield TextStyle(end - signs, end, "sign")


def _run(words: str, styles: Sequence[TextStyle]) -> ProseRun:
    """Return words that no edge cuts; marks leave white space and punctuation alone."""
    if any(one.kind == "sign" for one in styles):
        return ProseRun()
    bare = words.strip()
    if not any(letter.isalnum() for letter in bare):
        styles = [one for one in styles if one.kind in ("strong", "code")]
    if not bare or not styles:
        return ProseRun(words)
    lead, _, tail = words.partition(bare)
    return ProseRun(lead, bare, tail, tuple(styles))
