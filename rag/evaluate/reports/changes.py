"""The questions that a comparison changed most, for better and for worse."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rag.evaluate.data import Evaluation, Question, Ranking
from rag.evaluate.measures.figures import Comparison, Figures
from rag.evaluate.measures.metrics import metric_label
from rag.evaluate.measures.statistics import TIE
from rag.evaluate.reports.verdict import side_label

MOST = 10
SHORT = 220  # characters of a passage


@dataclass(frozen=True, slots=True)
class RankedItem:
    """An item at a rank with the start of its passage.

    ``facts`` are its grade and how it moved, in words; ``relevant`` is whether its grade is above
    0. ``was`` is its rank in the ranking before, None if that does not hold it, or if this is it.
    """

    rank: int
    document: str
    page: int | None
    text: str
    facts: str
    relevant: bool
    key: str = ""
    was: int | None = None


@dataclass(frozen=True, slots=True)
class FirstItems:
    """A ranking's first items for one question, and the metric's value for the whole ranking."""

    title: str
    value: float
    items: tuple[RankedItem, ...]


@dataclass(frozen=True, slots=True)
class ChangedQuestion:
    """A question with both rankings of a comparison."""

    question: Question
    metric: str  # as people read it, such as nDCG@10
    before: FirstItems
    after: FirstItems

    @property
    def change(self) -> float:
        """What the second ranking gained."""
        return self.after.value - self.before.value


def most_changed(found: Figures, comparison: Comparison, most: int = MOST) -> list[ChangedQuestion]:
    """Return the questions with the largest changes: gains first, then losses.

    Half of the places are kept for each side, so that both are shown if one of them is rare.
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
    losses = losses[: max(most // 2, most - len(gains))]
    chosen = gains[: most - len(losses)] + losses
    questions = {question.id: question for question in found.evaluation.questions}
    return [
        ChangedQuestion(
            questions[q],
            metric_label(comparison.metric),
            *_both_sides(found, comparison, q, old[q], new[q]),
        )
        for q in chosen
    ]


def _both_sides(
    found: Figures, comparison: Comparison, question: str, old: float, new: float
) -> Iterator[FirstItems]:
    ranks: dict[str, int] | None = None
    for side, value in ((comparison.before, old), (comparison.after, new)):
        run, stage = side
        ranking = dict(found.evaluation.run(run).rankings(stage))[question]
        items = tuple(_items(found.evaluation, ranking, question, ranks))
        yield FirstItems(side_label(side, comparison, found), value, items)
        ranks = {item: rank for rank, item in enumerate(ranking.items, 1)}


def _items(
    evaluation: Evaluation, ranking: Ranking, question: str, ranks: Mapping[str, int] | None
) -> Iterator[RankedItem]:
    """Yield the first items; ``ranks`` are those of the ranking before, None if this is it."""
    for rank, (item, chunk) in enumerate(zip(ranking.items, ranking.chunks, strict=False), 1):
        passage = evaluation.passages.get(chunk)
        grade = evaluation.grades[question].get(item)
        judged = "not judged" if grade is None else f"grade {grade}"
        moved = "" if ranks is None else _moved(ranks.get(item), rank)
        text = " ".join(passage.text.split()) if passage else ""
        yield RankedItem(
            rank,
            passage.document if passage else item,
            passage.page if passage else None,
            text if len(text) <= SHORT else f"{text[:SHORT]}…",
            " · ".join(filter(None, (judged, moved))),
            bool(grade),
            item,
            None if ranks is None else ranks.get(item),
        )


def _moved(before: int | None, rank: int) -> str:
    if before is None:
        return "new"
    return "" if before == rank else f"{'▲' if before > rank else '▼'} was {before}"
