"""The passages beside those that were ranked best: the rest of their section or table.

What is ranked stays the chunk, which is small enough to be about one thing. What answers may stand
beside it, and the names of a table's columns mostly do ("small to big" retrieval). The passages
are chunks of their own, so a quote points to the characters that it comes from.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from rag.store.catalogue import Catalogue
from rag.text.plural import plural
from rag.types import Chunk, Hit, Stage, StageName

REACH = 2  # chunks to either side; benchmarks/answers.py found no more with 3 to 5


def widened(catalogue: Catalogue, evidence: Sequence[Hit]) -> Stage:
    """Return the chunks within `REACH` of the evidence, of the same page and section.

    They have the scores of those that they stand beside, and follow in their order.
    """
    started = time.perf_counter()
    beside = catalogue.beside([hit.chunk.id for hit in evidence], REACH)
    seen = {hit.chunk.id for hit in evidence}
    found: list[Hit] = []
    for hit in evidence:
        for chunk in _same_section(hit.chunk, beside.get(hit.chunk.id, ())):
            if chunk.id not in seen:
                seen.add(chunk.id)
                found.append(Hit(chunk, len(found) + 1, hit.score))
    note = f"{plural(len(found), 'passage')} beside the best {len(evidence)}"
    return Stage(StageName.WIDENED, tuple(found), time.perf_counter() - started, note)


def _same_section(chunk: Chunk, beside: Sequence[Chunk]) -> list[Chunk]:
    """Return those around a chunk (in reading order) up to the first of another section or page."""
    before = [one for one in beside if one.start < chunk.start]
    after = [one for one in beside if one.start > chunk.start]
    kept: list[Chunk] = []
    for side in (reversed(before), after):
        for one in side:
            shorter = min(len(one.heading), len(chunk.heading))
            if one.page != chunk.page or one.heading[:shorter] != chunk.heading[:shorter]:
                break
            kept.append(one)
    return kept
