"""Answers without a model: the sentences, lists and table rows that answer best, each cited."""

from __future__ import annotations

from collections.abc import Generator as Pieces
from collections.abc import Iterator, Sequence

from rag.generate.base import REFUSAL, Quote, Written
from rag.generate.extract.likeness import Kept, TokenLikeness
from rag.generate.extract.question import ParsedQuestion
from rag.generate.extract.reading import fact, readable
from rag.generate.extract.scoring import choose, scored
from rag.generate.extract.units import ScoredUnit
from rag.models.encoder import Encoder
from rag.types import Hit


class ExtractiveGenerator:
    """Picks and cites one to four units; needs an encoder and nothing else."""

    name = "extractive"

    def __init__(self, encoder: Encoder, kept: Kept | None = None) -> None:
        """``kept`` returns the packed token vectors of passages, None for those without."""
        self._likeness = TokenLikeness(encoder, kept)

    def stream(self, question: str, hits: Sequence[Hit]) -> Pieces[str, None, Written]:
        """Yield the answer passage by passage; `REFUSAL` if nothing comes near."""
        asked = ParsedQuestion.read(question)
        candidates = scored(asked, hits, self._likeness)
        chosen = choose(candidates, asked)
        if not chosen or not any(one.near for one in candidates):
            yield REFUSAL
            return Written()
        short = fact(chosen[0], asked)
        if short:
            yield f"**{short}** — "
        quotes: list[Quote] = []
        for paragraph in _paragraphs(chosen, apart=bool(short)):
            after_fact = bool(short) and not quotes
            yield "\n\n" * bool(quotes) + _written(paragraph, asked, after_fact)
            cited = (one.unit for unit in paragraph for one in unit.all)
            quotes += [Quote(unit.number, unit.part.start, unit.part.end) for unit in cited]
        return Written(tuple(quotes), details={"candidates": len(candidates)})


def _paragraphs(chosen: Sequence[ScoredUnit], apart: bool) -> Iterator[list[ScoredUnit]]:
    """Group by passage, that of the best unit first, each in the order of its text.

    The best stands ``apart`` if its fact goes before it.
    """
    if apart:
        yield [chosen[0]]
    rest = chosen[1:] if apart else chosen
    for number in dict.fromkeys(one.unit.number for one in rest):
        own = (one for one in rest if one.unit.number == number)
        yield sorted(own, key=lambda one: one.unit.part.start)


def _written(paragraph: Sequence[ScoredUnit], question: ParsedQuestion, after_fact: bool) -> str:
    pieces = []
    for scored_unit in paragraph:
        markers = " ".join(f"[{one.unit.number}]" for one in scored_unit.all)
        pieces.append(f"{readable(scored_unit, question, after_fact)} {markers}")
    on_lines = any(one.unit.part.kind in ("row", "cells", "item") for one in paragraph)
    return ("\n" if on_lines else " ").join(pieces)
