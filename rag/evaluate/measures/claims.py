"""Figures of answers that a model graded, and how far they agree with people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rag.evaluate.claims import AnswerGrade, ClaimVerdict
from rag.evaluate.judgements.agreement import cohen_kappa
from rag.evaluate.judgements.record import HIGHEST
from rag.evaluate.measures.statistics import Interval, interval

FAITHFULNESS, RELEVANCE = "faithfulness", "answer relevance"
PRECISION, RECALL = "context precision", "context recall"
MEASURES: Mapping[str, str] = {
    FAITHFULNESS: "share of the answer's claims that the evidence supports",
    RELEVANCE: "how far the answer answers the question, 0 to 1",
    PRECISION: "mean precision at the ranks of useful evidence (average precision)",
    RECALL: "share of the right answer's claims that the evidence supports",
}
GOOD = 2  # relevance of an answer that is called good, if all its claims are supported


@dataclass(frozen=True, slots=True)
class GradeAgreement:
    """How often a model's verdict and a person's are the same, over ``shared`` of them.

    ``kappa`` is None if it is not defined. ``both``, ``model`` and ``people`` count those that
    both, only the model and only the people found good; the rest neither.
    """

    what: str
    shared: int
    kappa: float | None
    both: int
    model: int
    people: int


def values(grade: AnswerGrade) -> dict[str, float]:
    """Return the measures that are known of an answer; one without claims has no faithfulness."""
    found: dict[str, float] = {}
    if grade.claims:
        found[FAITHFULNESS] = _supported(grade.claims)
    if grade.relevance is not None:
        found[RELEVANCE] = grade.relevance / HIGHEST
    if grade.useful is not None:
        found[PRECISION] = average_precision(grade.useful)
    if grade.recalled:
        found[RECALL] = _supported(grade.recalled)
    return found


def figures(grades: Sequence[AnswerGrade]) -> dict[str, tuple[Interval, int]]:
    """Return each measure's mean with its interval, and over how many answers it is known.

    A measure that is known of no answer is left out.
    """
    each = [values(grade) for grade in grades]
    known = {name: [one[name] for one in each if name in one] for name in MEASURES}
    return {name: (interval(column), len(column)) for name, column in known.items() if column}


def average_precision(useful: Sequence[bool]) -> float:
    """Return the mean precision at the ranks of useful evidence; 0 if none is useful."""
    ranks = [rank for rank, one in enumerate(useful, 1) if one]
    if not ranks:
        return 0.0
    return sum(found / rank for found, rank in enumerate(ranks, 1)) / len(ranks)


def good(grade: AnswerGrade) -> bool | None:
    """Whether an answer answers and all its claims are supported; None if that is not known."""
    if grade.claims is None or grade.relevance is None:
        return None
    return grade.relevance >= GOOD and all(one.supported for one in grade.claims)


def agreement(what: str, pairs: Sequence[tuple[bool, bool]]) -> GradeAgreement:
    """Compare (the model's, a person's) verdicts."""
    kappa = cohen_kappa([(int(a), int(b)) for a, b in pairs])
    return GradeAgreement(
        what, len(pairs), kappa,
        both=sum(a and b for a, b in pairs),
        model=sum(a and not b for a, b in pairs),
        people=sum(b and not a for a, b in pairs),
    )  # fmt: skip


def _supported(claims: Sequence[ClaimVerdict]) -> float:
    return sum(one.supported for one in claims) / len(claims)
