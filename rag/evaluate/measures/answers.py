"""Answers against judgements: what they cite, and whether they refuse when they should."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rag.evaluate.data import Answered, Evaluation, Question, Run
from rag.evaluate.measures.statistics import Interval, interval

UNANSWERABLE = "unanswerable"  # a question's kind, if the documents hold no answer
PRECISION, RECALL, GIVEN = "citation precision", "citation recall", "evidence recall"
REFUSAL = "refusal correctness"
ANSWERED, REFUSED = "answerable answered", "unanswerable refused"
MEASURES: Mapping[str, str] = {
    PRECISION: "share of the cited items that are relevant, over answers that cite any",
    RECALL: "share of the relevant items that the answer cites; a refusal cites none",
    GIVEN: "share of the relevant items that the answer was given: the most it could cite",
    REFUSAL: "answers that refuse if the question is unanswerable, and only then",
    ANSWERED: "answerable questions that were not refused",
    REFUSED: "unanswerable questions that were refused",
}


def unanswerable(question: Question) -> bool:
    """Whether the set marks the question as one that the documents do not answer."""
    return question.kind.strip().casefold() == UNANSWERABLE


def figures(run: Run, evaluation: Evaluation) -> dict[str, Interval]:
    """Return each measure's mean over questions with its interval; nothing without answers.

    Answers that broke off are in none of them. An item is relevant from grade 1; what is not
    judged is not relevant.
    """
    if not run.answers:
        return {}
    values: dict[str, list[float]] = {name: [] for name in MEASURES}
    none = {question.id for question in evaluation.unanswerable}
    for one in run.answers:
        if not one.error:
            given = evaluation.grades.get(one.question, {})
            relevant = {item for item, grade in given.items() if grade > 0}
            for name, value in _of_one(one, relevant, one.question in none):
                values[name].append(value)
    return {name: interval(found) for name, found in values.items()}


def _of_one(one: Answered, relevant: set[str], no_answer: bool) -> Iterator[tuple[str, float]]:
    yield REFUSAL, float(one.refused == no_answer)
    if no_answer:
        yield REFUSED, float(one.refused)
        return
    yield ANSWERED, float(not one.refused)
    cited = set() if one.refused else set(one.cited)
    if cited:
        yield PRECISION, len(cited & relevant) / len(cited)
    if relevant:
        yield RECALL, len(cited & relevant) / len(relevant)
        yield GIVEN, len(relevant & set(one.given)) / len(relevant)
