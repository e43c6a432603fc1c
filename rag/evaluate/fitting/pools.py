"""Judged questions with their candidates: what a reranker is learned from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_args

from rag.errors import RanklensError
from rag.evaluate.data import Grades, Question, Unit, item, ranking
from rag.pipeline import Pipeline, Retrieved
from rag.rerank.adoption import Source
from rag.rerank.base import Context, leaves
from rag.rerank.combine import best_first
from rag.rerank.table import choose, choose_unlearned
from rag.types import Candidate, Hit, Stage

FROM_JUDGEMENTS: tuple[str, ...] = get_args(Source)
WHOLE: Mapping[str, Any] = {"rerank_policy": "always", "rerank_budget_ms": 0}  # of every pool


@dataclass(frozen=True, slots=True)
class JudgedQuestion:
    """A question's candidates (n), their items and grades, and how the present pipeline ranks them.

    ``present`` are the items in its order, each once; ``scores`` are its scores (n). ``documents``
    are those of the relevant candidates: questions that share one stay together. ``zeros`` are
    items that were judged irrelevant, ``others`` the scores (n) of further rerankers.
    """

    id: str
    text: str
    pool: tuple[Candidate, ...]
    items: tuple[str, ...]
    grades: tuple[int, ...]
    present: tuple[str, ...]
    scores: tuple[float, ...]
    documents: frozenset[str]
    zeros: frozenset[str] = frozenset()
    others: tuple[tuple[float, ...], ...] = ()

    @property
    def relevant(self) -> bool:
        """Whether a candidate is relevant."""
        return any(self.grades)


def judged_questions(
    pipeline: Pipeline, questions: Sequence[Question], grades: Grades, unit: Unit,
    others: Sequence[str] = (),
) -> Iterator[JudgedQuestion]:  # fmt: skip
    """Yield each question with its candidates; one search a question.

    ``others`` are rerankers that score all of them too. A reranker that was learned from judgements
    has seen these questions, so the present order is that without it. Raises `RanklensError` if a
    reranker fails.
    """
    one_hop = pipeline.with_settings(hops=1, reranker=unlearned(pipeline))
    further = [one_hop.with_settings(reranker=name, **WHOLE) for name in others]
    for question in questions:
        retrieved = one_hop.retrieve(question.text)
        pool, present = retrieved.pool, _ranked(one_hop, retrieved)
        own = grades[question.id]
        items = tuple(item(Hit(c.chunk, 1, 0.0), unit) for c in pool)
        given = tuple(max(0, own.get(one, 0)) for one in items)
        yield JudgedQuestion(
            question.id, retrieved.question, pool, items, given,
            ranking(present, unit).items, _scores(present, pool),
            frozenset(c.chunk.document for c, g in zip(pool, given, strict=True) if g),
            frozenset(one for one, grade in own.items() if grade <= 0),
            tuple(_scores(_ranked(one, retrieved), pool) for one in further),
        )  # fmt: skip


def _ranked(pipeline: Pipeline, retrieved: Retrieved) -> Stage:
    """Return the pool as a pipeline ranks it; raises `RanklensError` if its reranker fails."""
    stage = pipeline.rank(retrieved).stages[-1]
    if stage.fell_back:
        raise RanklensError(f"{retrieved.question!r}: the reranker fell back ({stage.note})")
    return stage


def _scores(stage: Stage, pool: Sequence[Candidate]) -> tuple[float, ...]:
    """Return a stage's score of each candidate."""
    scores = {hit.chunk.id: hit.score for hit in stage.hits}
    return tuple(scores[candidate.chunk.id] for candidate in pool)


def unlearned(pipeline: Pipeline) -> str:
    """Return the reranker's name, or what ranks in its place if it was learned from judgements."""
    context = Context(pipeline.settings, pipeline.encoder)
    ranker, _ = choose(context)
    families = {entry.name.partition(":")[0] for entry in leaves(ranker)}
    if families & {*FROM_JUDGEMENTS}:
        return choose_unlearned(context)[0].name
    return pipeline.settings.reranker


def present_reranker(pipeline: Pipeline) -> str:
    """Return the name of what ranks if nothing that was learned from judgements does."""
    settings = pipeline.settings.updated(reranker=unlearned(pipeline))
    return choose(Context(settings, pipeline.encoder))[0].name


def ordered(items: Sequence[str], scores: Sequence[float]) -> tuple[str, ...]:
    """Return the items by falling score, each once; ties keep their order."""
    return tuple(dict.fromkeys(items[row] for row in best_first(scores)))
