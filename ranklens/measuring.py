"""Measuring: what each stage of each pipeline gains, on judged questions."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile

from rag.evaluate.data import Evaluation, ModelGrades, Question
from rag.evaluate.experiments.pipelines import Variants, resolve
from rag.evaluate.experiments.run import evaluate
from rag.evaluate.experiments.saved import load, opened, save, to_json
from rag.evaluate.judgements.files import encoded, to_run
from rag.evaluate.measures.answers import UNANSWERABLE
from rag.evaluate.measures.figures import Figures, figures, outside
from rag.evaluate.measures.gates import Gate, GateOutcome, check, parse_gate
from rag.evaluate.measures.metrics import DEFAULT, metric_label
from rag.evaluate.measures.metrics import checked as checked_metric
from rag.evaluate.progress import Interrupted, OnProgress
from rag.retrieve.filters import of_settings
from rag.settings import from_trace
from rag.types import Trace
from ranklens import model_grades
from ranklens.judged_sets import JudgedSet, graded

if TYPE_CHECKING:
    from ranklens.library import Library

__all__ = [
    "UNANSWERABLE",
    "Evaluation",
    "Figures",
    "GateOutcome",
    "Interrupted",
    "Variants",
    "checked_metric",
    "load",
    "metric_label",
    "opened",
    "outside",
    "parse_gate",
    "resolve",
    "save",
    "to_json",
]


def measure(
    judged: JudgedSet,
    pipelines: Variants,
    *,
    one_pool: bool = False,
    answers: bool = False,
    on_progress: OnProgress | None = None,
    stop: Event | None = None,
) -> Evaluation:
    """Ask every judged question of every pipeline and keep the rankings; see `evaluate`.

    If people have audited a model's grades of these questions, what it graded is ranked too.
    """
    return evaluate(
        judged.name,
        judged.pipeline,
        pipelines,
        judged.questions,
        judged.grades,
        judged.unit,
        frozen=one_pool,
        answers=answers,
        notes=judged.notes,
        by_model=_audited(judged.library, judged.questions),
        on_progress=on_progress,
        stop=stop,
    )


def figures_and_gates(
    evaluation: Evaluation, metrics: Sequence[str] = (), gates: Sequence[str] = ()
) -> tuple[Figures, list[GateOutcome]]:
    """Return an evaluation's figures and what became of gates; raises `SettingsError`."""
    parsed = [parse_gate(text) for text in gates]
    found = figures_of(evaluation, [checked_metric(name) for name in metrics], parsed)
    return found, passed(found, parsed)


def write_runs(evaluation: Evaluation, folder: Path) -> None:
    """Write each stage of each pipeline as a TREC run."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in _runs(evaluation):
        (folder / name).write_text(text, "utf-8")


def runs_archive(evaluation: Evaluation) -> bytes:
    """Return each stage of each pipeline as a TREC run, in a ZIP archive."""
    archive = io.BytesIO()
    with ZipFile(archive, "w", ZIP_DEFLATED) as files:
        for name, text in _runs(evaluation):
            files.writestr(name, text)
    return archive.getvalue()


def _runs(evaluation: Evaluation) -> Iterator[tuple[str, str]]:
    for run in evaluation.runs:
        for stage in run.stages:
            name = encoded(f"{run.name}.{stage}").replace("/", "_")
            yield f"{name}.run", to_run(run, stage)


def figures_of(
    evaluation: Evaluation, metrics: Sequence[str] = (), gates: Sequence[Gate] = ()
) -> Figures:
    """Return an evaluation's figures: the default metrics, further ones, and those of gates."""
    bounded = [gate.metric for gate in gates if not gate.metric.endswith("_ms")]
    return figures(evaluation, (*DEFAULT, *metrics, *bounded))


def passed(found: Figures, gates: Sequence[Gate]) -> list[GateOutcome]:
    """Return what became of each gate."""
    return [check(gate, found) for gate in gates]


def search_again(library: Library, evaluation: Evaluation, pipeline: str, question: str) -> Trace:
    """Search for a question with the ranking settings that a pipeline was measured with.

    Only what a visitor may set is taken: an evaluation may come from a file, which must not name
    the addresses that keys are sent to. Raises `SettingsError` if it names a foreign folder.
    """
    measured = evaluation.run(pipeline).settings
    options = from_trace(library.settings, measured)
    return library.pipeline.with_settings(**options).within(of_settings(measured)).search(question)


def with_present_grades(library: Library, evaluation: Evaluation) -> Evaluation:
    """Return the evaluation with the judgements of now: the same rankings, other figures.

    It stays as it is if its unit has changed or none of its passages is judged any more (another
    chunking has other passages). Questions that have lost their last relevant passage keep the
    grades that they had.
    """
    if evaluation.name not in library.question_sets.names():
        return evaluation
    found, unit, _ = graded(library, evaluation.questions)
    known = {item for grades in evaluation.grades.values() for item in grades}
    now = {item for grades in found.values() for item in grades}
    if unit != evaluation.unit or not known & now:
        return evaluation
    relevant = {q: given for q, given in found.items() if any(g > 0 for g in given.values())}
    return replace(
        evaluation, grades={**evaluation.grades, **relevant}, by_model=_now(library, evaluation)
    )


def _now(library: Library, evaluation: Evaluation) -> ModelGrades | None:
    """Return the grades of now of the model whose questions were ranked."""
    held = evaluation.by_model
    if held is None:
        return None
    return _audited(library, held.questions, held.model)


def _audited(
    library: Library, questions: tuple[Question, ...], model: str = ""
) -> ModelGrades | None:
    people, unit, _ = graded(library, questions, blind=True)
    if unit == "document":  # a model grades passages
        return None
    return model_grades.audited(library, questions, people, model)
