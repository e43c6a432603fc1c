"""What a model has graded of a question set, which counts in no figure by itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rag.evaluate.data import Grades, ModelGrades, Question
from rag.evaluate.judgements.record import Source, same_words
from rag.evaluate.measures.prediction_powered import FEWEST

if TYPE_CHECKING:
    from ranklens.library import Library


def graded_by(library: Library, questions: Sequence[Question]) -> str:
    """Return the model that has graded most passages of these questions, "" if none has."""
    wanted = {same_words(question.text) for question in questions}
    models: tuple[Source, ...] = ("llm",)
    held = library.judgements.all(sources=models)
    counted = Counter(one.judge for one in held if one.question in wanted)
    return counted.most_common(1)[0][0] if counted else ""


def grades_by(library: Library, questions: Sequence[Question], model: str) -> Grades:
    """Return a model's grades: question id → passage id → grade."""
    qrels = library.judgements.qrels([question.text for question in questions], model)
    return {q.id: qrels.grades[q.text] for q in questions if q.text in qrels.grades}


def audited(
    library: Library, questions: Sequence[Question], people: Grades, model: str = ""
) -> ModelGrades | None:
    """Return a model's grades beside the people's; None if people have not begun to audit them.

    ``model`` is by default the one with most grades. An audit needs `FEWEST` questions of which
    both have graded passages.
    """
    model = model or graded_by(library, questions)
    grades = grades_by(library, questions, model) if model else {}
    if len(grades.keys() & people.keys()) < FEWEST:
        return None
    graded = tuple(question for question in questions if question.id in grades)
    theirs = {q.id: people[q.id] for q in graded if q.id in people}
    return ModelGrades(model, graded, grades, theirs)
