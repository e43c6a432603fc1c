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
from typing import Any

from rag.evaluate.data import Evaluation, Grades, Question
from rag.evaluate.judgements.active import DEPTH
from rag.evaluate.judgements.agreement import PairAgreement
from rag.evaluate.measures.metrics import PRIMARY, Rankings, per_question
from rag.evaluate.measures.prediction_powered import FEWEST, CorrectedMean, corrected
from rag.text.plural import plural


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


@dataclass(frozen=True, slots=True)
class GradesAudit:
    """A model's grades of a question set, and what the audit makes of them.

    ``agreement`` is that of the model and the people, None if they share no passage.
    """

    model: str
    sample: AuditedSample
    figures: tuple[AuditedFigure, ...]
    agreement: PairAgreement | None = None

    @property
    def next(self) -> Question | None:
        """The question whose passages people should grade next."""
        return self.sample.waiting[0] if self.sample.waiting else None

    @property
    def sentences(self) -> list[str]:
        """How far the audit is, in words."""
        audited, waiting = len(self.sample.audited), len(self.sample.waiting)
        found = [
            f"{self.model} graded {plural(audited + waiting, 'question')}; people graded "
            f"{audited:,} of them as well, drawn by chance."
        ]
        if audited < FEWEST:
            found.append(f"An interval needs {FEWEST} audited questions.")
        if self.sample.incomplete:
            found.append(
                f"{plural(self.sample.incomplete, 'question is', 'questions are')} left out: the "
                "model has not graded all that these pipelines show first."
            )
        if any(_few(figure) for figure in self.figures):
            found.append(
                "On nearly all audited questions both grade alike, so the intervals rest on few "
                "and may be too short."
            )
        return found


def audit_of(evaluation: Evaluation) -> GradesAudit | None:
    """Return what the audit makes of an evaluation's figures by a model's grades.

    None without such grades, and below `FEWEST` audited questions: no interval is honest then.
    """
    held = evaluation.by_model
    if held is None:
        return None
    rankings: dict[str, Rankings] = {run.name: run.final() for run in evaluation.runs}
    ranked = [q for q in held.questions if all(q.id in one for one in rankings.values())]
    found = sample(ranked, list(rankings.values()), held.grades, held.people)
    if len(found.audited) < FEWEST:
        return None
    wanted = {q.id for q in (*found.audited, *found.waiting)}
    own = {name: {q: of[q] for q in of if q in wanted} for name, of in rankings.items()}
    return GradesAudit(held.model, found, tuple(figures(found, own, held.grades, held.people)))


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


def rows(found: GradesAudit) -> list[dict[str, Any]]:
    """Return a row for each figure: the model's, the people's, the corrected one."""
    return [
        {
            "what": f"{one.after} against {one.before}" if one.before else one.after,
            "model": one.model,
            "people": one.people,
            "corrected": one.corrected.interval.mean,
            "low": one.corrected.interval.low,
            "high": one.corrected.interval.high,
            "weight": one.corrected.weight,
        }
        for one in found.figures
    ]


def outside(found: GradesAudit) -> dict[str, Any]:
    """Return an audit as JSON's own types; what is not known is None."""
    pair = found.agreement
    return {
        "model": found.model,
        "audited": [one.id for one in found.sample.audited],
        "next": [one.id for one in found.sample.waiting],
        "left_out": found.sample.incomplete,
        "figures": [_numbers(row) for row in rows(found)],
        "kappa": pair.kappa if pair else None,
        "weighted_kappa": pair.weighted if pair else None,
        "shared": pair.shared if pair else 0,
        "notes": found.sentences,
    }


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


def _few(figure: AuditedFigure) -> bool:
    found = figure.corrected
    return bool(figure.before) and found.audited >= FEWEST and found.audited - found.alike < 3


def _numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no NaN."""
    return {name: None if value != value else value for name, value in row.items()}
