"""What a passage is made of: sentences, table rows, list items and headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

from rag.text.sentences import sentences
from rag.text.spans import Span, lines, pieces, trimmed

BAR = " | "  # between the cells of a table's row
# Behind "1." stands a whole sentence more often than an item.
_ITEM = re.compile(r"(?:[-*•–·▪]|\d{1,3}\)|\([a-z0-9]{1,3}\))\s")
_PAIR = re.compile(r"(?:^|; )[^:;\n]{1,60}: \S")
_FINISHED = re.compile(r"[.!?…。！？;,][\"'”’)\]]*$")
_COMPANY = re.compile(r"\b(?:Inc|Ltd|Co|Corp|INC|LTD|CO|CORP)\.$")
_NUMBERED = re.compile(
    r"(?i:note|item|part|section|chapter|appendix) [\dIVXA-D]+\b"
    r"|(?:§ ?|\d{1,2}\.)?\d{1,2}\.? (?:[^\W\d_a-z]|/)\D*$"
    r"|\d{1,2}\.\d{1,2}(?:\.1?\d){1,3}\.? \D+$"  # no day: that of 2024 ends in 24
)
_LONGEST = 700
_LONGEST_HEADING = 120
Kind = Literal["sentence", "row", "cells", "item", "heading", "lead"]


class PassagePart(NamedTuple):
    """Characters ``start`` to ``end`` of a passage's text.

    A ``row`` reads ``Column: value; Column: value``, ``cells`` stand between bars, an ``item`` is
    of a list, a ``heading`` names what follows, and a ``lead`` ends in a colon or asks.
    """

    start: int
    end: int
    kind: Kind = "sentence"


def parts(text: str) -> list[PassagePart]:
    """Return the sentences, rows, items and headings of ``text``, in order.

    They hold every character that is not white space.
    """
    found: list[PassagePart] = []
    for start, end in _blocks(text):
        if kind := _table_line(text[start:end]):
            found.append(PassagePart(*trimmed(text, start, end), kind))
        else:
            found += [
                PassagePart(*piece, _kind(text, *piece)) for piece in _prose(text, start, end)
            ]
    for at, part in enumerate(found):
        after = found[at + 1] if at + 1 < len(found) else None
        if part.kind == "heading" and _holds(text[part.start : part.end], after):
            found[at] = part._replace(kind="sentence")
    return found


def is_row(line: str) -> bool:
    """Return whether a line reads ``Column: value; Column: value``, as rows of tables do here."""
    return "\n" not in line.strip() and len(_PAIR.findall(line.strip())) >= 2


def _table_line(line: str) -> Literal["row", "cells"] | None:
    if is_row(line):
        return "row"
    return "cells" if BAR in line and "\n" not in line else None


def _blocks(text: str) -> Iterator[Span]:
    """Yield each line of a table alone, and other lines with their neighbours up to a blank one."""
    begin = end = 0  # of the lines of prose that wait for their block's end
    for start, stop in lines(text, 0, len(text)):
        line = text[start:stop]
        if line.strip() and not _table_line(line):
            begin, end = (begin if end else start), stop
            continue
        if end:
            yield begin, end
            end = 0
        if line.strip():
            yield start, stop
    if end:
        yield begin, end


def _prose(text: str, start: int, end: int) -> Iterator[Span]:
    """Yield sentences; one that is too long (a table as text, a log) is cut at spaces."""
    for sentence in sentences(text, start, end):
        yield from pieces(text, *sentence, _LONGEST)


def _kind(text: str, start: int, end: int) -> Kind:
    """Return the kind of a sentence's place; ``heading`` if it may be one."""
    words = text[start:end]
    if words.endswith((":", "：", "?", "？")):
        return "lead"
    if _ITEM.match(words):
        return "item"
    line = text.rfind("\n", 0, start) + 1
    alone = not text[line:start].strip() and text[end : end + 1] in ("", "\n")
    unfinished = words.startswith("#") or _is_company(words) or not _FINISHED.search(words)
    short = len(words) <= _LONGEST_HEADING
    return "heading" if alone and short and unfinished else "sentence"


def _holds(words: str, after: PassagePart | None) -> bool:
    """Return whether a line that does not end as a sentence states something all the same.

    A heading has text below it and no figures or colon: a note often is just such a line.
    """
    if words.startswith("#") or words.isupper() or _NUMBERED.match(words) or _is_company(words):
        return False
    return not after or bool(re.search(r"\d|: ", words))


def _is_company(words: str) -> bool:
    return bool(_COMPANY.search(words)) and all(w[0].isupper() for w in re.findall(r"\w+", words))
