"""How far judges agree, beyond what chance would give: people, and a model beside the people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations

from rag.evaluate.judgements.record import (
    HIGHEST,
    LOWEST,
    PEOPLE,
    Judgement,
    Source,
    grade_of,
    holds,
)
from rag.types import Chunk

Distance = Callable[[float, float], float]


@dataclass(frozen=True, slots=True)
class JudgeCount:
    """How much one judge has judged; ``lost`` are judgements whose text is gone.

    ``accepted`` were taken over from proposals. ``requested_by``: those who requested a model's.
    """

    judge: str
    source: Source
    judgements: int
    lost: int
    accepted: int = 0
    requested_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """How far two agree over the ``shared`` items that both judged; None if that is not defined.

    ``alpha`` is not worked out for two people: there is one for all people together. ``model`` is
    the name of the model that is compared with the people, and ``confusion`` has a row for each of
    its grades and a column for each of theirs.
    """

    who: str
    shared: int
    kappa: float | None
    weighted: float | None
    alpha: float | None = None
    model: str = ""
    confusion: Sequence[Sequence[int]] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """The judges of a library, oldest first; pairs that share an item; models beside the people.

    ``alpha`` is Krippendorff's for all people together.
    """

    judges: tuple[JudgeCount, ...]
    pairs: tuple[PairAgreement, ...]
    alpha: float | None


def agreement(held: Sequence[Judgement]) -> Agreement:
    """Return who judged how much, and how far they agree on each span that several have graded."""
    made = Counter((one.judge, one.source) for one in held)
    lost = Counter((one.judge, one.source) for one in held if one.status == "lost")
    accepted = Counter((one.judge, one.source) for one in held if one.accepted)
    requested: dict[tuple[str, Source], set[str]] = {}
    for one in held:
        if one.requested_by:
            requested.setdefault((one.judge, one.source), set()).add(one.requested_by)
    by_judge: dict[str, dict[tuple[str, str, int, int], int]] = {}
    for one in held:
        if one.source in PEOPLE:
            item = (one.question, one.document, one.start, one.end)
            by_judge.setdefault(one.judge, {})[item] = one.grade
    by_item: dict[tuple[str, str, int, int], list[int]] = {}
    for given in by_judge.values():
        for item, grade in given.items():
            by_item.setdefault(item, []).append(grade)
    pairs = []
    for first, second in combinations(sorted(by_judge), 2):
        shared = by_judge[first].keys() & by_judge[second].keys()
        if both := [(by_judge[first][item], by_judge[second][item]) for item in shared]:
            pairs.append(_pair(f"{first} and {second}", both))
    for model, both in compared_with_people(held).items():
        alpha, cells = krippendorff_alpha(both), confusion(both)
        pair = _pair(f"{model} (model) and the people", both)
        pairs.append(replace(pair, alpha=alpha, model=model, confusion=cells))
    return Agreement(
        tuple(
            JudgeCount(
                *key, made[key], lost[key], accepted[key], tuple(sorted(requested.get(key, ())))
            )
            for key in made
        ),
        tuple(pairs),
        krippendorff_alpha(list(by_item.values())),
    )


def nominal(first: float, second: float) -> float:
    """Grades are equal or not."""
    return float(first != second)


def interval(first: float, second: float) -> float:
    """Grades two steps apart differ four times as much as grades one step apart."""
    return (first - second) ** 2


def cohen_kappa(pairs: Sequence[tuple[int, int]], distance: Distance = nominal) -> float | None:
    """Return the kappa of two judges' grades of the same items (Cohen, 1960; weighted, 1968).

    1 for full agreement; None if there are no items, or if all grades are the same.
    """
    left, right = (Counter(pair[side] for pair in pairs) for side in (0, 1))
    observed = sum(distance(*pair) for pair in pairs)
    expected = sum(
        count * other * distance(a, b) for a, count in left.items() for b, other in right.items()
    )
    return 1 - observed * len(pairs) / expected if expected else None


def krippendorff_alpha(
    items: Sequence[Sequence[float]], distance: Distance = interval
) -> float | None:
    """Return Krippendorff's alpha over items, each with the grades that its judges gave.

    Any number of judges, any of whom may have left items out (Krippendorff, "Content Analysis",
    2004, chapter 11). None if no item has two grades, or all grades are the same.
    """
    paired = [grades for grades in items if len(grades) > 1]
    n = sum(len(grades) for grades in paired)
    totals = Counter(grade for grades in paired for grade in grades)
    expected = sum(
        count * other * distance(a, b) for a, count in totals.items() for b, other in totals.items()
    )
    if not expected:
        return None
    observed = sum(
        2 * sum(distance(a, b) for a, b in combinations(grades, 2)) / (len(grades) - 1)
        for grades in paired
    )
    return 1 - (n - 1) * observed / expected


def confusion(pairs: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Return how often the first judge gave the row's grade and the second the column's."""
    counts = Counter(pairs)
    grades = range(LOWEST, HIGHEST + 1)
    return [[counts[row, column] for column in grades] for row in grades]


def compared_with_people(held: Sequence[Judgement]) -> dict[str, list[tuple[int, int]]]:
    """Return model → (its grade, the people's) of every passage that both judged.

    People's judgements hold for a passage as they do for a chunk: a quote within it counts. Lost
    judgements are left out, and accepted proposals: these agree because the model was seen.
    """
    current = [one for one in held if one.status == "current"]
    people: dict[tuple[str, str], list[Judgement]] = {}
    for one in current:
        if one.source in PEOPLE and not one.accepted:
            people.setdefault((one.question, one.document), []).append(one)
    found: dict[str, list[tuple[int, int]]] = {}
    for one in current:
        if one.source == "llm":
            pairs = found.setdefault(one.judge, [])
            passage = Chunk("", one.document, one.start, one.end, one.quote)
            given = [o for o in people.get((one.question, one.document), ()) if holds(o, passage)]
            if given:
                pairs.append((one.grade, grade_of(given, passage)))
    return found


def _pair(who: str, pairs: Sequence[tuple[int, int]]) -> PairAgreement:
    return PairAgreement(who, len(pairs), cohen_kappa(pairs), cohen_kappa(pairs, interval))
