"""Who judged what: grades by judge, and a model's beside the people's."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from statistics import median_low

from rag.evaluate.agreement import cohen_kappa, krippendorff_alpha
from rag.evaluate.judgement import Judgement, Source

ByJudge = Mapping[str, Mapping[str, int]]
"""Judge → what was judged → grade."""
Pairs = Sequence[tuple[int, int]]


def by_judge(held: Sequence[Judgement], sources: Collection[Source]) -> dict[str, dict[str, int]]:
    """Return judge → item → grade of these sources; an item is a question and a span."""
    found: dict[str, dict[str, int]] = {}
    for one in held:
        if one.source in sources:
            item = f"{one.question}\n{one.document}\n{one.start}-{one.end}"
            found.setdefault(one.judge, {})[item] = one.grade
    return found


def compared(made: Mapping[str, int], people: ByJudge) -> Pairs:
    """Return (a model's grade, the people's lower median) of every item that both have judged."""
    medians = {item: median_low(given) for item, given in columns(people).items()}
    return [(grade, medians[item]) for item, grade in made.items() if item in medians]


def measures(found: Pairs) -> tuple[float | None, float | None, float | None]:
    """Return kappa, weighted kappa and Krippendorff's alpha of pairs of grades."""
    first, second = [one for one, _ in found], [other for _, other in found]
    kappas = cohen_kappa(first, second), cohen_kappa(first, second, weighted=True)
    return (*kappas, krippendorff_alpha(found))


def columns(people: ByJudge) -> dict[str, list[int]]:
    """Return what was judged → the grades that judges gave it."""
    found: dict[str, list[int]] = {}
    for given in people.values():
        for item, grade in given.items():
            found.setdefault(item, []).append(grade)
    return found
