"""How far judges agree, beyond what chance would give: people, and a model beside the people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
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
GradePairs = Sequence[tuple[int, int]]
GRADES = range(LOWEST, HIGHEST + 1)


@dataclass(frozen=True, slots=True)
class JudgeCount:
    """How much one judge has judged; ``lost`` are judgements whose text is gone."""

    judge: str
    source: Source
    judgements: int
    lost: int


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
    """Return who judged how much, and how far they agree."""
    made = Counter((one.judge, one.source) for one in held)
    lost = Counter((one.judge, one.source) for one in held if one.status == "lost")
    people = grades_by_judge(held)
    pairs = [
        *(_pair(f"{a} and {b}", shared) for (a, b), shared in pairwise(people).items() if shared),
        *(
            _pair(f"{model} (model) and the people", shared, model)
            for model, shared in compared_with_people(held).items()
        ),
    ]
    return Agreement(
        tuple(JudgeCount(*key, made[key], lost[key]) for key in made),
        tuple(pairs),
        krippendorff_alpha(list(grades_by_item(people).values())),
    )


def nominal(first: float, second: float) -> float:
    """Grades are equal or not."""
    return float(first != second)


def interval(first: float, second: float) -> float:
    """Grades two steps apart differ four times as much as grades one step apart."""
    return (first - second) ** 2


def cohen_kappa(
    first: Sequence[int], second: Sequence[int], weighted: bool = False
) -> float | None:
    """Return the kappa of two judges over the same items (Cohen, 1960), 1 for full agreement.

    ``weighted`` counts disagreements by the square of the steps between them (Cohen, 1968). None
    if there are no items, or if both gave all of them one and the same grade.
    """
    if len(first) != len(second):
        raise ValueError("both judges must have graded the same items")
    distance = interval if weighted else nominal
    n = len(first)
    observed = sum(distance(a, b) for a, b in zip(first, second, strict=True))
    left, right = Counter(first), Counter(second)
    expected = sum(
        count * other * distance(a, b) for a, count in left.items() for b, other in right.items()
    )
    return 1 - observed * n / expected if expected else None


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


def confusion(pairs: Iterable[tuple[int, int]], grades: Sequence[int]) -> list[list[int]]:
    """Return how often the first judge gave the row's grade and the second the column's."""
    counts = Counter(pairs)
    return [[counts[row, column] for column in grades] for row in grades]


def grades_by_judge(held: Iterable[Judgement]) -> dict[str, dict[str, int]]:
    """Return person → item → grade; an item is a question and a span."""
    found: dict[str, dict[str, int]] = {}
    for one in held:
        if one.source in PEOPLE:
            item = f"{one.question}\n{one.document}\n{one.start}-{one.end}"
            found.setdefault(one.judge, {})[item] = one.grade
    return found


def grades_by_item(by_judge: Mapping[str, Mapping[str, int]]) -> dict[str, list[int]]:
    """Return item → the grades that judges gave it."""
    found: dict[str, list[int]] = {}
    for given in by_judge.values():
        for item, grade in given.items():
            found.setdefault(item, []).append(grade)
    return found


def pairwise(
    by_judge: Mapping[str, Mapping[str, int]],
) -> dict[tuple[str, str], list[tuple[int, int]]]:
    """Return (judge, judge) → their two grades of every item that both graded."""
    return {
        (first, second): [
            (by_judge[first][item], by_judge[second][item])
            for item in sorted(by_judge[first].keys() & by_judge[second].keys())
        ]
        for first, second in combinations(sorted(by_judge), 2)
    }


def compared_with_people(held: Iterable[Judgement]) -> dict[str, list[tuple[int, int]]]:
    """Return model → (its grade, the people's) of every passage that both judged.

    People's judgements hold for a passage as they do for a chunk: a quote within it counts. Lost
    judgements are left out.
    """
    people: dict[tuple[str, str], list[Judgement]] = {}
    found: dict[str, list[tuple[int, int]]] = {}
    current = [one for one in held if one.status == "current"]
    for one in current:
        if one.source in PEOPLE:
            people.setdefault((one.question, one.document), []).append(one)
    for one in current:
        if one.source == "llm":
            pairs = found.setdefault(one.judge, [])
            passage = Chunk("", one.document, one.start, one.end, one.quote)
            given = [o for o in people.get((one.question, one.document), ()) if holds(o, passage)]
            if given:
                pairs.append((one.grade, grade_of(given, passage)))
    return found


def _pair(who: str, pairs: GradePairs, model: str = "") -> PairAgreement:
    first, second = [one for one, _ in pairs], [other for _, other in pairs]
    kappas = cohen_kappa(first, second), cohen_kappa(first, second, weighted=True)
    if not model:
        return PairAgreement(who, len(pairs), *kappas)
    alpha, cells = krippendorff_alpha(pairs), confusion(pairs, GRADES)
    return PairAgreement(who, len(pairs), *kappas, alpha, model, cells)
