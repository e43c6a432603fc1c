"""How far judges agree, beyond what chance would give."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations

Distance = Callable[[float, float], float]


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
    where there are no items, or where both gave all of them one and the same grade.
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
    2004, chapter 11). None where no item has two grades, or all grades are the same.
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


def pairwise(
    grades: Mapping[str, Mapping[str, int]], weighted: bool = False
) -> dict[tuple[str, str], tuple[int, float | None]]:
    """Return (judge, judge) → (items that both graded, kappa), from judge → item → grade."""
    found = {}
    for first, second in combinations(sorted(grades), 2):
        shared = sorted(grades[first].keys() & grades[second].keys())
        columns = [[grades[judge][item] for item in shared] for judge in (first, second)]
        found[first, second] = (len(shared), cohen_kappa(columns[0], columns[1], weighted))
    return found
