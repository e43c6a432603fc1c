"""A model's grades audited by people: the questions to grade, and the corrected figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rag.errors import NotThere
from rag.evaluate.data import Grades, Question
from rag.evaluate.judgements.agreement import PairAgreement, agreement
from rag.evaluate.judgements.audit import AuditedFigure, AuditedSample, figures, sample
from rag.evaluate.judgements.record import Source, same_words
from rag.evaluate.measures.prediction_powered import FEWEST
from rag.text.plural import plural
from ranklens import measuring
from ranklens.comparison import ComparedRankings

if TYPE_CHECKING:
    from ranklens.library import Library

__all__ = ["FEWEST"]


@dataclass(frozen=True, slots=True)
class GradesAudit:
    """A model's grades of a question set, and what the audit makes of them.

    ``agreement`` is that of the model and the people, None if they share no passage.
    """

    model: str
    sample: AuditedSample
    figures: tuple[AuditedFigure, ...]
    agreement: PairAgreement | None

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


def audit(library: Library, compared: ComparedRankings, model: str = "") -> GradesAudit:
    """Return the audit of a model's grades on ranked questions.

    Without ``model`` it is the one with most grades of these. Raises `NotThere` if there is none.
    """
    model = model or graded_by(library, compared.questions)
    if not model:
        raise NotThere("no model has graded these questions; let one propose grades first")
    people, _, _ = measuring.graded(library, compared.questions)
    by_model = _by_model(library, compared.questions, model)
    rankings = list(compared.rankings.values())
    found = sample(compared.questions, rankings, by_model, people)
    made = figures(found, compared.rankings, by_model, people)
    held = [one for q in compared.questions for one in library.judgements.all(q.text)]
    pairs = (pair for pair in agreement(held).pairs if pair.model == model)
    return GradesAudit(model, found, tuple(made), next(pairs, None))


def graded_by(library: Library, questions: Sequence[Question]) -> str:
    """Return the model that has graded most passages of these questions, "" if none has."""
    wanted = {same_words(question.text) for question in questions}
    models: tuple[Source, ...] = ("llm",)
    held = library.judgements.all(sources=models)
    counted = Counter(one.judge for one in held if one.question in wanted)
    return counted.most_common(1)[0][0] if counted else ""


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


def _few(figure: AuditedFigure) -> bool:
    found = figure.corrected
    return bool(figure.before) and found.audited >= FEWEST and found.audited - found.alike < 3


def _by_model(library: Library, questions: Sequence[Question], model: str) -> Grades:
    qrels = library.judgements.qrels([question.text for question in questions], model)
    return {q.id: qrels.grades[q.text] for q in questions if q.text in qrels.grades}


def _numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    """JSON has no NaN."""
    return {name: None if value != value else value for name, value in row.items()}
