"""A model's grades audited by people: the questions to grade, and the corrected figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rag.errors import NotThere
from rag.evaluate.judgements.agreement import agreement
from rag.evaluate.judgements.audit import GradesAudit, figures, outside, rows, sample
from rag.evaluate.measures.prediction_powered import FEWEST
from ranklens import judged_sets
from ranklens.comparison import ComparedRankings
from ranklens.model_grades import graded_by, grades_by

if TYPE_CHECKING:
    from ranklens.library import Library

__all__ = ["FEWEST", "GradesAudit", "audit", "graded_by", "outside", "rows"]


def audit(library: Library, compared: ComparedRankings, model: str = "") -> GradesAudit:
    """Return the audit of a model's grades on ranked questions.

    Without ``model`` it is the one with most grades of these. Raises `NotThere` if there is none.
    """
    model = model or graded_by(library, compared.questions)
    if not model:
        raise NotThere("no model has graded these questions; let one propose grades first")
    people, _, _ = judged_sets.graded(library, compared.questions, blind=True)
    by_model = grades_by(library, compared.questions, model)
    rankings = list(compared.rankings.values())
    found = sample(compared.questions, rankings, by_model, people)
    made = figures(found, compared.rankings, by_model, people)
    held = [one for q in compared.questions for one in library.judgements.all(q.text)]
    pairs = (pair for pair in agreement(held).pairs if pair.model == model)
    return GradesAudit(model, found, tuple(made), next(pairs, None))
