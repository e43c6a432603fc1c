"""A row of a file becomes a judgement: its text is found in the library's documents."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rag.evaluate.judgements.anchors import locate
from rag.evaluate.judgements.record import HIGHEST, LOWEST, Judgement


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A document of the library: its own name, the digest of its bytes, its extracted text."""

    name: str
    digest: str
    text: str


TextOf = Callable[[str], DocumentText | None]
"""A name that a file gives a document → the document, None if it is not there.

Raises `ValueError` if several documents could be meant.
"""


def placed(
    text_of: TextOf, question: str, document: str, grade: int, judge: str,
    quote: str = "", start: int = 0, end: int = 0, **more: Any,
) -> Judgement:  # fmt: skip
    """Return the judgement of a row; raises `ValueError` with what is wrong with it.

    A quote is looked for in the document's present text, nearest to ``start``. Without one the
    characters ``start:end`` are judged, and without these the document as a whole. ``more`` are
    the other fields of `Judgement`.
    """
    if not LOWEST <= grade <= HIGHEST:
        raise ValueError(f"grade {grade} is not one from {LOWEST} to {HIGHEST}")
    held = text_of(document)
    if held is None:
        raise ValueError(f"its document is not in the library ({document})")
    span = (start, end) if end else (0, 0)
    if quote.strip():
        found = locate(quote, held.text, start, loose=True)
        if found is None:
            raise ValueError(f"its quote is not there ({document}): {quote[:60]!r}")
        span = found
    elif end and not 0 <= start < end <= len(held.text):
        raise ValueError(f"{document!r} has no characters {start} to {end}")
    text = held.text[slice(*span)]
    return Judgement(question, held.name, held.digest, *span, text, grade, judge, **more)
