"""A model's grades with a human audit: which questions people grade too, and what follows.

The audited questions must be a random sample of those that the model graded. So they come in an
order of chance that depends on nothing but the questions' words, and the sample is the beginning of
that order, up to the first question that people have not graded completely. What people judged for
other reasons stays out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.evaluate.data import Grades, Question
from rag.evaluate.judgements.active import DEPTH
from rag.evaluate.measures.metrics import PRIMARY, Rankings, per_question
from rag.evaluate.measures.prediction_powered import CorrectedMean, corrected


@dataclass(frozen=True, slots=True)
class AuditedSample:
    """Questions that the model graded: those of the sample, and those that are to be graded next.

    ``incomplete`` is how many questions were left out because the model has not graded all that
    the rankings show first.
    """

    audited: tuple[Question, ...]
    waiting: tuple[Question, ...]
    incomplete: int


@dataclass(frozen=True, slots=True)
class AuditedFigure:
    """nDCG@10 of a pipeline, or what ``after`` gains over ``before``, by a model's grades.

    ``model`` is the model's mean over all its questions, ``people`` the people's over the sample;
    ``corrected`` puts both together.
    """

    before: str
    after: str
    model: float
    people: float
    corrected: CorrectedMean


def sample(
    questions: Sequence[Question], rankings: Sequence[Rankings], model: Grades, people: Grades
) -> AuditedSample:
    """Return the audited questions among those that the model graded completely, in their order."""
    graded = [one for one in questions if _complete(one.id, rankings, model)]
    order = sorted(graded, key=lambda one: hashlib.sha256(one.text.encode()).digest())
    done = [_complete(one.id, rankings, people) for one in order]
    count = done.index(False) if False in done else len(done)
    left = len(questions) - len(graded)
    return AuditedSample(tuple(order[:count]), tuple(order[count:]), left)


def figures(
    found: AuditedSample, rankings: Mapping[str, Rankings], model: Grades, people: Grades
) -> list[AuditedFigure]:
    """Return each pipeline's figure, then what every other one gains over the first one.

    A question of which a judge found nothing relevant counts as 0 for every pipeline.
    """
    own, by_people = _scores(rankings, model), _scores(rankings, people)
    first, *others = rankings
    made = [_figure("", name, found, own[name], by_people[name]) for name in rankings]
    for name in others:
        gains = [
            {q: after[name][q] - after[first][q] for q in after[name] if q in after[first]}
            for after in (own, by_people)
        ]
        made.append(_figure(first, name, found, *gains))
    return made


def _figure(
    before: str, after: str, found: AuditedSample, model: Mapping[str, float],
    people: Mapping[str, float],
) -> AuditedFigure:  # fmt: skip
    audited, others = ([one.id for one in part] for part in (found.audited, found.waiting))
    y, f, rest = (
        [people[q] for q in audited],
        [model[q] for q in audited],
        [model[q] for q in others],
    )
    nan = float("nan")
    every = [*f, *rest]
    return AuditedFigure(
        before,
        after,
        sum(every) / len(every) if every else nan,
        sum(y) / len(y) if y else nan,
        corrected(y, f, rest),
    )


def _scores(rankings: Mapping[str, Rankings], grades: Grades) -> dict[str, dict[str, float]]:
    return {name: per_question(of, grades, [PRIMARY])[PRIMARY] for name, of in rankings.items()}


def _complete(question: str, rankings: Sequence[Rankings], grades: Grades) -> bool:
    """Whether everything has a grade that decides on nDCG@10 of these rankings."""
    given = grades.get(question, {})
    shown = {item for one in rankings for item in one.get(question, ())[:DEPTH]}
    return bool(shown) and all(item in given for item in shown)
