"""Passages of a pool that repeat one another, by shingles and Jaccard similarity.

Broder, "On the resemblance and containment of documents", 1997: two texts are as alike as the
share of their runs of `SHINGLE` words that both hold.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rag.types import Chunk

SHINGLE = 5
# Each changed word spoils five shingles on either side: in a passage of a hundred words, 0.7 is
# reached with up to three changed words that stand apart. Neighbours that overlap stay far below.
NEAR = 0.7
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Twin:
    """An earlier passage with the same text; ``likeness`` is 1 if every word is the same."""

    of: Chunk
    likeness: float


def twins(chunks: Sequence[Chunk]) -> dict[str, Twin]:
    """Return, by id, the passages that repeat an earlier one, with the one most like them."""
    sets = [shingles(chunk.text) for chunk in chunks]
    found: dict[str, Twin] = {}
    for at, chunk in enumerate(chunks):
        likenesses = [(jaccard(sets[at], sets[i]), -i) for i in range(at)]
        best, negative = max(likenesses, default=(0.0, 0))
        if best >= NEAR:
            found[chunk.id] = Twin(chunks[-negative], best)
    return found


def shingles(text: str) -> frozenset[tuple[str, ...]]:
    """Return the runs of `SHINGLE` words, case and punctuation aside; a short text is one run."""
    words = _WORD.findall(text.casefold())
    runs = range(max(1, len(words) - SHINGLE + 1)) if words else ()
    return frozenset(tuple(words[i : i + SHINGLE]) for i in runs)


def jaccard(a: frozenset[tuple[str, ...]], b: frozenset[tuple[str, ...]]) -> float:
    """Return the share of what two sets hold that both of them hold; 0 if both are empty."""
    # Sets of very different sizes cannot be alike: most pairs need no more than that.
    if not a or not b or min(len(a), len(b)) < NEAR * max(len(a), len(b)):
        return 0.0
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared)
