"""Who judged what: grades by judge, and a model's beside the people's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from rag.evaluate.judgements.agreement import cohen_kappa, krippendorff_alpha
from rag.evaluate.judgements.record import PEOPLE, Judgement, Source, grade_of, holds
from rag.types import Chunk

ByJudge = Mapping[str, Mapping[str, int]]
"""Judge → what was judged → grade."""
Pairs = Sequence[tuple[int, int]]


def models(held: Iterable[Judgement]) -> dict[str, Pairs]:
    """Return model → its grades beside the people's, of the judgements that are not lost."""
    current = [one for one in held if one.status == "current"]
    people = [one for one in current if one.source in PEOPLE]
    made: dict[str, list[Judgement]] = {}
    for one in current:
        if one.source == "llm":
            made.setdefault(one.judge, []).append(one)
    return {model: compared(of_one, people) for model, of_one in made.items()}


def by_judge(held: Sequence[Judgement], sources: Collection[Source]) -> dict[str, dict[str, int]]:
    """Return judge → item → grade of these sources; an item is a question and a span."""
    found: dict[str, dict[str, int]] = {}
    for one in held:
        if one.source in sources:
            item = f"{one.question}\n{one.document}\n{one.start}-{one.end}"
            found.setdefault(one.judge, {})[item] = one.grade
    return found


def compared(made: Iterable[Judgement], people: Iterable[Judgement]) -> Pairs:
    """Return (a model's grade, the people's) of every passage that both have judged.

    People's judgements hold for a passage as they do for a chunk: a quote within it counts.
    """
    held: dict[tuple[str, str], list[Judgement]] = {}
    for one in people:
        held.setdefault((one.question, one.document), []).append(one)
    found = []
    for one in made:
        passage = Chunk("", one.document, one.start, one.end, one.quote)
        given = [o for o in held.get((one.question, one.document), ()) if holds(o, passage)]
        if given:
            found.append((one.grade, grade_of(given, passage)))
    return found


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
