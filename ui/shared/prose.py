"""An answer's text as HTML: paragraphs, headings, lists, code, bold, marked sentences and chips.

The little Markdown that models write, and no more of it: no link, no picture, no HTML. The text is
cut into runs by place, so that citations and checks keep theirs; the template escapes each run.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal

from markupsafe import Markup

from rag.types import Chunk
from ui.shared.html import render

TextRange = tuple[int, int]
_BOLD = re.compile(r"\*\*(?=\S)(.+?)(?<=\S)\*\*")
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
    kind: Literal["strong", "code", "sign", "uncited", "doubtful"]
    title: str = ""


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
    """``parts``: the ranges of its paragraphs or items. ``first``: the number of a list's first."""

    kind: Literal["p", "heading", "ul", "ol", "pre"]
    parts: list[TextRange]
    first: int = 1
    open: bool = field(default=True, compare=False)


def written(text: str, chips: Sequence[ChipPlace] = (), marks: Sequence[TextStyle] = ()) -> Markup:
    """Return ``text`` as HTML with ``chips`` in place of markers and ``marks`` on sentences."""
    return render(
        "shared/prose.html",
        blocks=[
            (block, [_runs(text, part, chips, marks, block.kind == "pre") for part in block.parts])
            for block in _blocks(text)
        ],
    )


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
    block = _begun(line)
    if last and block.kind in ("ul", "ol") and last.kind == block.kind:
        last.parts += block.parts
        last.open = True
    elif last and last.open and block.kind == "p" and (last.kind == "p" or line[0][:2].isspace()):
        last.parts[-1] = (last.parts[-1][0], line.end())
    else:
        blocks.append(block)


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
    text: str,
    place: TextRange,
    chips: Sequence[ChipPlace],
    marks: Sequence[TextStyle],
    plain: bool,
) -> Iterator[ProseRun]:
    """Cut a part of the text wherever its look changes; ``plain`` text has chips only."""
    start, end = place
    here = [chip for chip in chips if start <= chip.start and chip.end <= end]
    styles = [] if plain else [*_styles(text, place), *marks]
    looks: list[ChipPlace | TextStyle] = [*here, *styles]
    edges = {start, end, *(edge for one in looks for edge in (one.start, one.end))}
    for low, high in pairwise(sorted(edge for edge in edges if start <= edge <= end)):
        yield from (ProseRun(chip=chip) for chip in here if chip.start == low)
        if not any(chip.start <= low < chip.end for chip in here):
            before_chip = any(chip.start == high for chip in here)
            words = text[low:high].rstrip(" ") if before_chip else text[low:high]
            yield _run(words, [one for one in styles if one.start <= low < one.end])


def _styles(text: str, place: TextRange) -> Iterator[TextStyle]:
    """Yield bold and code; their signs are not shown."""
    code = list(_CODE.finditer(text, *place))
    bold = [
        found
        for found in _BOLD.finditer(text, *place)
        if not any(one.start() < found.end() and found.start() < one.end() for one in code)
    ]
    kinds: tuple[tuple[Literal["code", "strong"], list[re.Match[str]]], ...]
    kinds = (("code", code), ("strong", bold))
    for kind, matches in kinds:
        for found in matches:
            yield TextStyle(found.start(), found.start(1), "sign")
            yield TextStyle(found.start(1), found.end(1), kind)
            yield TextStyle(found.end(1), found.end(), "sign")


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
