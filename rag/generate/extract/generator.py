"""Answers without a model: the sentences, lists and table rows that answer best, each cited."""

from __future__ import annotations

import re
from collections.abc import Generator as Pieces
from collections.abc import Sequence

from rag.generate.base import REFUSAL, Quote, Written
from rag.generate.citations import without_markers
from rag.generate.extract.cells import read_row
from rag.generate.extract.likeness import Kept, TokenLikeness
from rag.generate.extract.question import ParsedQuestion
from rag.generate.extract.scoring import ScoredUnit, choose, scored
from rag.generate.extract.units import NUMBERED, Unit
from rag.models.encoder import Encoder
from rag.types import Hit

_BULLET = re.compile(r"(?:[-*•–·▪]|#{1,6}|\d{1,2}\.)\s+")
_NEXT_ITEM = re.compile(r"(?<=\n)[ \t]*(?:[-*•–·▪]\s+|(?=\d{1,2}[.)]\s))")


class ExtractiveGenerator:
    """Picks and cites one to four units; needs an encoder and nothing else."""

    name = "extractive"

    def __init__(self, encoder: Encoder, kept: Kept | None = None) -> None:
        """``kept`` returns the packed token vectors of passages, None for those without."""
        self._likeness = TokenLikeness(encoder, kept)

    def stream(self, question: str, hits: Sequence[Hit]) -> Pieces[str, None, Written]:
        """Yield the answer, the best unit first; `REFUSAL` if nothing comes near."""
        asked = ParsedQuestion.read(question)
        candidates = scored(asked, hits, self._likeness)
        chosen = choose(candidates)
        if not any(one.near for one in candidates):
            yield REFUSAL
            return Written()
        before: Unit | None = None
        for one in chosen:
            lead = "" if before else one.answer.lead
            markers = " ".join(f"[{unit.number}]" for unit in one.all)
            text = readable(one, asked, bool(lead))
            yield (
                _parted(before, one.unit) + (f"**{lead}** — " if lead else "") + f"{text} {markers}"
            )
            before = one.unit
        cited = [unit for one in chosen for unit in one.all]
        quotes = tuple(Quote(unit.number, unit.part.start, unit.part.end) for unit in cited)
        return Written(quotes, details={"candidates": len(candidates)})


def _parted(before: Unit | None, unit: Unit) -> str:
    """Return what stands between two units: a paragraph ends with its passage."""
    if not before:
        return ""
    if before.number != unit.number:
        return "\n\n"
    return "\n" if {"row", "cells", "item"} & {before.part.kind, unit.part.kind} else " "


def readable(one: ScoredUnit, question: ParsedQuestion, after_lead: bool = False) -> str:
    """Return a unit fit for an answer: no bullet, no markers of its own, no open code."""
    if row := one.unit.row:
        text = read_row(row, question, one.answer.column, after_lead)
    else:
        items = _NEXT_ITEM.split(one.unit.chunk.text[one.unit.part.start : one.unit.part.end])
        lines = (" ".join(item.split()) for item in items)
        text = "\n".join(
            line if n == 0 or NUMBERED.match(line) else f"- {line}" for n, line in enumerate(lines)
        )
    text = without_markers(text)
    if bullet := _BULLET.match(text):
        text = text[bullet.end() :]
    return text.replace("`", "'") if text.count("`") % 2 else text
