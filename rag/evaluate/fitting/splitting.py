"""Splitting judged questions so that what is measured was not learned from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

SEED = 20_260
Documents = Sequence[frozenset[str]]
"""The documents of each question's relevant passages."""


def folds(
    documents: Documents, chosen: Iterable[int], count: int, seed: int = SEED
) -> tuple[list[list[int]], bool]:
    """Return ``count`` parts of some questions; those that share a document stay together.

    That is given up if most are about one document: False then.
    """
    chosen = list(chosen)
    groups = _connected([(i, documents[i]) for i in chosen])
    apart = max(map(len, groups)) <= len(chosen) / 2
    if not apart:
        groups = [[i] for i in chosen]
    order = np.random.default_rng(seed).permutation(len(groups))
    parts: list[list[int]] = [[] for _ in range(count)]
    for group in sorted((groups[i] for i in order), key=len, reverse=True):
        min(parts, key=len).extend(group)
    return [sorted(part) for part in parts if part], apart


def drawn(documents: Documents, size: int, seed: int) -> tuple[list[int], list[int]]:
    """Return ``size`` questions of chance, and the others that share no document with them.

    All others if those are few.
    """
    everything = range(len(documents))
    some = sorted(np.random.default_rng(seed).permutation(len(documents))[:size].tolist())
    known = frozenset().union(*(documents[i] for i in some))
    rest = sorted(set(everything) - set(some))
    others = [i for i in rest if not documents[i] & known]
    return some, others if len(others) >= len(rest) / 2 else rest


def _connected(members: Sequence[tuple[int, frozenset[str]]]) -> list[list[int]]:
    """Return groups of members that share a document, directly or through others."""
    groups: list[tuple[list[int], set[str]]] = []
    for member, documents in members:
        mine = [group for group in groups if group[1] & documents]
        rest = [group for group in groups if not group[1] & documents]
        together = [member, *(one for group in mine for one in group[0])]
        groups = [*rest, (together, set(documents).union(*(group[1] for group in mine)))]
    return [group for group, _ in groups]
