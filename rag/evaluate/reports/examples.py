"""The questions that tell most about a comparison: where it changed most, for better or worse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rag.evaluate.data import Evaluation, Question, Ranking
from rag.evaluate.measures.figures import Comparison, Figures
from rag.evaluate.measures.statistics import TIE

MOST = 10


@dataclass(frozen=True, slots=True)
class Place:
    """An item at a rank: what it says, its grade (None: not judged), and its rank before."""

    rank: int
    item: str
    document: str
    page: int | None
    text: str
    grade: int | None
    was: int | None


@dataclass(frozen=True, slots=True)
class Telling:
    """A question with both rankings' first items and both values of the metric."""

    question: Question
    before: float
    after: float
    first: tuple[Place, ...]
    second: tuple[Place, ...]

    @property
    def change(self) -> float:
        """What the second ranking gained."""
        return self.after - self.before


def telling(found: Figures, comparison: Comparison, most: int = MOST) -> list[Telling]:
    """Return the questions with the largest changes, gains first; the wins and losses take turns.

    So that a report shows both sides even where one of them is rare.
    """
    before, after = (
        found.stage(stage, run) for run, stage in (comparison.before, comparison.after)
    )
    if before is None or after is None:
        return []
    old, new = before.scores[comparison.metric], after.scores[comparison.metric]
    changes = {q: new[q] - old[q] for q in old if q in new and abs(new[q] - old[q]) > TIE}
    gains = sorted((q for q in changes if changes[q] > 0), key=lambda q: -changes[q])
    losses = sorted((q for q in changes if changes[q] < 0), key=lambda q: changes[q])
    half = most // 2
    kept_losses = losses[: max(half, most - len(gains))]
    chosen = gains[: most - len(kept_losses)] + kept_losses
    return [_telling(found.evaluation, comparison, q, old[q], new[q]) for q in chosen]


def _telling(
    evaluation: Evaluation, comparison: Comparison, name: str, old: float, new: float
) -> Telling:
    question = next(q for q in evaluation.questions if q.id == name)
    first = _ranking(evaluation, comparison.before, name)
    second = _ranking(evaluation, comparison.after, name)
    ranks = {item: rank for rank, item in enumerate(first.items, 1)}
    return Telling(
        question,
        old,
        new,
        _places(evaluation, first, name, {}),
        _places(evaluation, second, name, ranks),
    )


def _ranking(evaluation: Evaluation, side: tuple[str, str], question: str) -> Ranking:
    run, stage = side
    return dict(evaluation.run(run).rankings(stage))[question]


def _places(
    evaluation: Evaluation, ranking: Ranking, question: str, ranks: Mapping[str, int]
) -> tuple[Place, ...]:
    places = []
    for rank, (item, chunk) in enumerate(zip(ranking.items, ranking.chunks, strict=False), 1):
        passage = evaluation.passages.get(chunk)
        places.append(
            Place(
                rank,
                item,
                passage.document if passage else item,
                passage.page if passage else None,
                passage.text if passage else "",
                evaluation.grades[question].get(item),
                ranks.get(item),
            )
        )
    return tuple(places)
