"""Kinds of questions for which reranking may be skipped, and passages that it pushed down."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from rag.evaluate.data import Evaluation, Question, Result, Run
from rag.evaluate.measures.statistics import Interval, interval, rules_gain_out
from rag.types import StageName

KEYWORDS = 4  # words: a question of so few, without a question mark, is a list of keywords
_WORDS = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class QuestionGroup:
    """A kind of questions and what reranking gains for them in nDCG@10.

    ``can_skip``: they are enough to rule a gain of 0.02 out.
    """

    name: str
    questions: int
    share: float
    gain: Interval
    can_skip: bool


@dataclass(frozen=True, slots=True)
class MovedOut:
    """A relevant item that reranking moved out of the first ``top``; ranks start at 1.

    ``after`` is None if it is not in the ranking at all any more.
    """

    question: str
    item: str
    before: int
    after: int | None


@dataclass(frozen=True, slots=True)
class Movements:
    """Relevant items that reranking moved across the border of the first ``top``."""

    top: int
    out: tuple[MovedOut, ...]
    into: int
    stayed: int

    @property
    def is_mismatch(self) -> bool:
        """Whether it moves more relevant items out than in."""
        return len(self.out) > self.into


def groups(
    evaluation: Evaluation, run: Run, gains: Mapping[str, float]
) -> tuple[QuestionGroup, ...]:
    """Return the gain (question → difference) by kind of question; kinds may overlap."""
    results = {result.question: result for result in run.results}
    kinds: dict[str, Callable[[Question], bool]] = {
        "both retrievers put the same passage first": lambda q: _is_sure(results[q.id]),
        "the retrievers disagree on the first passage": lambda q: not _is_sure(results[q.id]),
        "a few keywords, no question": is_keywords,
    }
    asked = [question for question in evaluation.questions if question.id in gains]
    return tuple(
        QuestionGroup(
            name,
            len(members),
            len(members) / len(asked),
            interval(members),
            rules_gain_out(members),
        )
        for name, belongs in kinds.items()
        if (members := [gains[q.id] for q in asked if belongs(q)])
    )


def is_keywords(question: Question) -> bool:
    """Return whether a question is a few keywords."""
    words = _WORDS.findall(question.text)
    return 0 < len(words) <= KEYWORDS and not question.text.rstrip().endswith(("?", "？", "؟"))


def movements(evaluation: Evaluation, run: Run, top: int) -> Movements:
    """Count what reranking did to relevant items around rank ``top``."""
    texts = {question.id: question.text for question in evaluation.questions}
    out: list[MovedOut] = []
    into = stayed = 0
    for question, item, before, after in _relevant(evaluation, run):
        was, is_now = before is not None and before <= top, after is not None and after <= top
        stayed += was and is_now
        into += is_now and not was
        if before is not None and was and not is_now:
            out.append(MovedOut(texts[question], item, before, after))
    out.sort(key=lambda moved: (moved.before, moved.question))
    return Movements(top, tuple(out), into, stayed)


def _relevant(
    evaluation: Evaluation, run: Run
) -> Iterator[tuple[str, str, int | None, int | None]]:
    """Yield (question, relevant item, rank before, rank after), fallbacks left out."""
    for result in run.results:
        fused, reranked = (result.ranking(s) for s in (StageName.FUSED, StageName.RERANKED))
        if fused is None or reranked is None or reranked.fell_back:
            continue
        ranks = [{item: n for n, item in enumerate(r.items, 1)} for r in (fused, reranked)]
        for item, grade in evaluation.grades.get(result.question, {}).items():
            if grade > 0:
                yield result.question, item, ranks[0].get(item), ranks[1].get(item)


def _is_sure(result: Result) -> bool:
    firsts = [result.ranking(stage) for stage in (StageName.DENSE, StageName.LEXICAL)]
    return len({found.items[0] if found and found.items else None for found in firsts}) == 1
