"""Answers that a model grades: of a question set, or those that readers gave a thumb."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from threading import Event
from typing import TYPE_CHECKING, Any

from rag.errors import NotThere, RanklensError
from rag.evaluate.asking import CallsOutcome
from rag.evaluate.claims import AnswerGrade, AnswerToGrade, grade_answers
from rag.evaluate.data import item
from rag.evaluate.experiments.side_by_side import with_answer
from rag.evaluate.measures.claims import MEASURES, GradeAgreement, agreement, figures, good, values
from rag.evaluate.progress import OnProgress, advance
from rag.generate.citations import without_markers
from rag.llm.client import configured
from rag.settings import Settings
from rag.text.plural import plural
from rag.text.quoting import on_one_line
from rag.types import Trace
from ranklens import judged_sets

if TYPE_CHECKING:
    from ranklens.library import Library

__all__ = ["MEASURES"]

THUMBS = "thumbs on answers"
USEFUL = "useful passages, against judgements"
HELPFUL = "good answers, against thumbs"


@dataclass(frozen=True, slots=True)
class AnswersGraded:
    """What a model made of answers; ``refused`` of them said that the documents do not say.

    ``problems`` are answers that could not be written, in words. ``agreements`` compare the
    model's verdicts with people's.
    """

    name: str
    model: str
    answers: tuple[AnswerToGrade, ...]
    grades: tuple[AnswerGrade, ...]
    refused: int
    problems: tuple[str, ...]
    outcome: CallsOutcome
    agreements: tuple[GradeAgreement, ...] = ()


def grade_set(
    library: Library, settings: Settings, name: str, options: Mapping[str, Any],
    limit: int | None = None, on_progress: OnProgress | None = None, stop: Event | None = None,
) -> AnswersGraded:  # fmt: skip
    """Have a set's questions answered by a pipeline, and a model of ``settings`` grade the answers.

    A question's ``answer`` in the set is its reference answer. Raises `Interrupted` if it is
    stopped while answers are written.
    """
    model = configured(settings)
    judged = judged_sets.question_set(library, name, limit, folders=False)
    pipeline = judged.pipeline.with_settings(**options)
    answered: list[tuple[AnswerToGrade, Trace]] = []
    problems: list[str] = []
    refused = 0
    for done, question in enumerate(judged.questions, 1):
        try:
            trace = with_answer(pipeline, pipeline.search(question.text))
        except RanklensError as error:
            problems.append(f"{on_one_line(question.text, 80)}: {error}")
        else:
            refused += _refused(trace)
            if problem := _problem(trace):
                problems.append(f"{on_one_line(question.text, 80)}: {problem}")
            elif not _refused(trace):
                answered.append((_to_grade(question.id, trace, question.answer), trace))
        advance(done, len(judged.questions), "questions", on_progress, stop)
    answers = tuple(one for one, _ in answered)
    grades, outcome = grade_answers(model, answers, on_progress, stop)
    pairs = [
        (useful, judged.grades[grade.id][key] > 0)
        for grade, (_, trace) in zip(grades, answered, strict=True)
        for useful, key in zip(
            grade.useful or (), (item(hit, judged.unit) for hit in trace.given), strict=False
        )
        if key in judged.grades.get(grade.id, {})
    ]
    found = (agreement(USEFUL, pairs),) if pairs else ()
    return AnswersGraded(
        name, model.model, answers, tuple(grades), refused, tuple(problems), outcome, found
    )


def grade_thumbs(
    library: Library, settings: Settings, most: int = 50, on_progress: OnProgress | None = None,
    stop: Event | None = None,
) -> AnswersGraded:  # fmt: skip
    """Have a model grade the last answers that readers gave a thumb, and compare both.

    Raises `NotThere` if there is none.
    """
    model = configured(settings)
    turns = [
        turn
        for turn in library.conversations.judged()
        if not _refused(turn.trace) and not _problem(turn.trace)
    ][-most:]
    if not turns:
        raise NotThere("no answer has a thumb yet, so there is nothing to compare the model with")
    answers = tuple(_to_grade(str(turn.id), turn.trace, "") for turn in turns)
    grades, outcome = grade_answers(model, answers, on_progress, stop)
    pairs = [
        (verdict, bool(turn.liked))
        for turn, grade in zip(turns, grades, strict=True)
        if (verdict := good(grade)) is not None
    ]
    found = (agreement(HELPFUL, pairs),)
    return AnswersGraded(THUMBS, model.model, answers, tuple(grades), 0, (), outcome, found)


def rows(found: AnswersGraded) -> list[dict[str, Any]]:
    """Return a row for each measure: its mean, its interval, and over how many answers."""
    return [
        {
            "measure": name, "mean": mean.mean, "low": mean.low, "high": mean.high,
            "answers": count, "what": MEASURES[name],
        }
        for name, (mean, count) in figures(found.grades).items()
    ]  # fmt: skip


def summary(found: AnswersGraded) -> list[str]:
    """Return in words what was graded, what failed, and how far model and people agree."""
    lines = [f"{plural(len(found.answers), 'answer')} graded by {found.model}"]
    if found.refused:
        lines.append(f"{plural(found.refused, 'refusal')}: not graded")
    if found.problems:
        lines.append(f"{plural(len(found.problems), 'answer')} could not be written")
    if failed := len(found.outcome.failures):
        lines.append(f"{plural(failed, 'call')} failed; what they ask for is not known")
    for one in found.agreements:
        kappa = "not defined" if one.kappa is None else f"{one.kappa:.3f}"
        lines.append(
            f"{one.what}: kappa {kappa} over {one.shared} (both yes {one.both}, only the model "
            f"{one.model}, only people {one.people})"
        )
    return lines


def unsupported(found: AnswersGraded) -> list[tuple[str, str, str]]:
    """Return (question, claim, what is missing) of the claims that no evidence supports."""
    words = {one.id: one.question for one in found.answers}
    return [
        (words[grade.id], one.claim, one.missing)
        for grade in found.grades
        for one in grade.claims or ()
        if not one.supported
    ]


def outside(found: AnswersGraded) -> dict[str, Any]:
    """Return the graded answers as JSON's own types; what is not known is missing."""
    return {
        "name": found.name,
        "model": found.model,
        "measures": rows(found),
        "refused": found.refused,
        "problems": list(found.problems),
        "failures": list(found.outcome.failures),
        "used": dict(found.outcome.used),
        "agreement": [asdict(one) for one in found.agreements],
        "answers": [
            {
                "id": grade.id,
                "question": one.question,
                "answer": one.answer,
                "claims": _claims(grade.claims),
                **{name.replace(" ", "_"): value for name, value in values(grade).items()},
            }
            for one, grade in zip(found.answers, found.grades, strict=True)
        ],
    }


def _claims(claims: Sequence[Any] | None) -> list[dict[str, Any]] | None:
    return None if claims is None else [asdict(one) for one in claims]


def _to_grade(key: str, trace: Trace, reference: str) -> AnswerToGrade:
    assert trace.answer is not None  # noqa: S101 - `_problem` has looked
    evidence = tuple(hit.chunk.in_document for hit in trace.given)
    words = without_markers(trace.answer.text)
    return AnswerToGrade(key, trace.question, words, evidence, reference)


def _refused(trace: Trace) -> bool:
    return trace.answer is not None and trace.answer.refused


def _problem(trace: Trace) -> str:
    """Return why a trace has no answer to grade, "" if it has one."""
    if trace.answer is None:
        return "it has no answer"
    if trace.answer.error or trace.answer.stopped:
        return trace.answer.error or "the answer was stopped"
    return "" if trace.answer.text.strip() else "the answer is empty"
