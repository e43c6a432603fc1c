"""Team-draft interleaving: two rankings become one, in which neither has an advantage.

Radlinski, Kurup and Joachims, "How does clickthrough data reflect retrieval quality?" (CIKM 2008).
The team with fewer passages picks its best one that is not taken yet; a coin decides if both have
as many. So each has the same chance of any place, whatever the rankings are.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence

FIRST, SECOND, NEITHER = "1", "2", "-"


def team_draft(
    first: Sequence[str], second: Sequence[str], coin: Callable[[], bool]
) -> list[tuple[str, str]]:
    """Return (item, team) in the interleaved order; every item of both rankings comes once.

    ``coin`` returns True for the first team. When one ranking has nothing left to pick, the rest of
    the other follows as `NEITHER`'s: it competed with nothing.
    """
    taken: dict[str, str] = {}
    ahead = 0  # passages that the first team has more than the second
    while (one := _best(first, taken)) is not None and (other := _best(second, taken)) is not None:
        if ahead < 0 or (ahead == 0 and coin()):
            taken[one], ahead = FIRST, ahead + 1
        else:
            taken[other], ahead = SECOND, ahead - 1
    for item in (*first, *second):
        taken.setdefault(item, NEITHER)
    return list(taken.items())


def _best(ranking: Sequence[str], taken: Container[str]) -> str | None:
    return next((item for item in ranking if item not in taken), None)
