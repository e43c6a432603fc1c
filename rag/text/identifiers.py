"""Identifiers (``B-900``, ``ERR_42``, ``v2.3``) of a question that no document at hand mentions.

A passage about the B-500 is near a question about the B-900 and answers it wrongly, which neither
cosine nor shared words show. Any writing of an identifier mentions it: ``B900``, ``b 900``,
``B-900A``, ``B-300/900``. What may be written in words is none: plain numbers, years, quarters
(``Q3``), formulas (``CO2``).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from rag.text.names import opens_sentence
from rag.text.words import UNSPACED

_UNSPACED = re.compile(f"[{UNSPACED}]")
_CODE = re.compile(r"(?<![\w@/.-])[^\W\d_]\w*(?:[-‐‑.]\w+)*(?![\w@/])")
_VERSION = re.compile(r"(?<![\w.,])\d{1,3}(?:\.\d{1,3}){2,9}+(?![\w.]*\w)")
_NAMED_VERSION = re.compile(
    r"\b(?:v\.? ?|(?:version|release)s? )(\d{1,3}(?:\.\d{1,3})+)\b", re.IGNORECASE
)
_NO_CODE = re.compile(r"(?:[qh][1-4]|fy|cy)(?:\W?(?:\d\d|\d{4}))?|v[\d.]+", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?:s|er)?$")
_PIECES = re.compile(r"[^\W\d_]+|\d+")
_NAME = 4  # letters; "COVID" may be what is called COVID-19, "B" is not the B-900
# "B-300/500" and "B-300, -500 and -900" mention the last one, too.
_OTHERS = r"(?:\d+\s?(?:[/,&+–-]|and|or)\s?-?){0,20}?"


def unknown(question: str, texts: Iterable[str]) -> tuple[str, ...]:
    """Return the identifiers of a question if ``texts`` mention none of them."""
    asked = tuple(dict.fromkeys(identifiers(question)))
    return () if not asked or mentioned(asked, texts) else asked


def identifiers(question: str) -> Iterator[str]:
    """Yield codes that begin with a letter and hold figures, and version numbers."""
    question = _spaced(question)
    for match in _CODE.finditer(question):
        if _is_code(match):
            yield match[0]
    yield from (match[0] for match in _VERSION.finditer(question))
    yield from (match[1] for match in _NAMED_VERSION.finditer(question))


def _spaced(text: str) -> str:
    """Return a text with spaces for letters of scripts without spaces, which adjoin codes."""
    return text if text.isascii() else _UNSPACED.sub(" ", text)


def _is_code(match: re.Match[str]) -> bool:
    code, pieces = match[0], _PIECES.findall(match[0])
    figures = "".join(piece for piece in pieces if piece.isdigit())
    if not figures or _NO_CODE.fullmatch(code) or _YEAR.search(code):
        return False
    if "-" not in code and "_" not in code:
        return len(figures) > 1  # "CO2", "MP3": often written in words
    if len(pieces[0]) == 1 or pieces[0].isupper():
        return True
    # "top-10" and "Under-21" are words, "Tianwen-2" is a name.
    return pieces[0][0].isupper() and not opens_sentence(match.string, match.start())


def mentioned(asked: Iterable[str], texts: Iterable[str]) -> bool:
    """Return whether a text mentions one of the identifiers."""
    held = _spaced("\n".join(texts).casefold())
    return any(_written(code.casefold()).search(held) for code in asked)


def _written(code: str) -> re.Pattern[str]:
    """Return a pattern of all ways to write a code; of a version the shorter and the longer."""
    pieces = _PIECES.findall(code)
    if code[0].isdigit():
        dot = r"\."
        ways = [rf"{dot.join(pieces)}(?!\d)"]
        ways += [rf"{dot.join(pieces[:n])}(?!\.?\d)" for n in range(2, len(pieces))]
        return re.compile(rf"(?<![\d.])(?:{'|'.join(ways)})")
    if len(pieces) > 2 and pieces[-1].isalpha():
        pieces.pop()  # of the B-300A the page on the B-300 may speak
    bare = rf"|(?<![^\W_]){pieces[0]}(?![^\W_]|[\W_]{{0,3}}\d)" * (len(pieces[0]) >= _NAME)
    joined = r"[\W_]{0,3}".join(map(re.escape, pieces[:-1]))
    return re.compile(rf"(?<![^\W_]){joined}[\W_]{{0,3}}{_OTHERS}{pieces[-1]}(?!\d){bare}")
