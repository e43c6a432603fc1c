"""Kept evaluations: every run of a library, shown again, listed, and two of them compared."""

from __future__ import annotations

import hashlib
import json
import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rag.errors import RanklensError
from rag.evaluate.experiments.kept import LAST, EvaluationRecord, MeasuredPipeline
from rag.evaluate.experiments.saved import load
from rag.evaluate.measures.figures import outside
from rag.evaluate.measures.metrics import PRIMARY
from rag.evaluate.measures.statistics import Difference, Interval, compare
from rag.evaluate.progress import Interrupted
from rag.evaluate.reports.verdict import main_comparison, pipeline_label, sentence, verdict
from rag.text.plural import plural
from ranklens.measuring import figures_and_gates, figures_of, with_present_grades

if TYPE_CHECKING:
    from rag.evaluate.data import Evaluation, Run
    from rag.evaluate.measures.figures import Figures, RunFigures
    from rag.evaluate.measures.gates import GateOutcome
    from ranklens.library import Library

__all__ = ["LAST", "EvaluationRecord"]

log = logging.getLogger(__name__)

BEFORE = "last-measured.json.gz"  # the one evaluation that libraries of before kept


def keep(
    library: Library, evaluation: Evaluation, collection: str = "", made: datetime | None = None
) -> EvaluationRecord | None:
    """Keep an evaluation; None, and a line in the log, if there is no room for it.

    ``made`` is when it was measured: now, if it is not given.
    """
    record = _described(library, evaluation, collection, made or datetime.now(UTC))
    try:
        return library.evaluations.add(evaluation, record)
    except Interrupted:
        raise  # of a job that was given up: nobody waits for it
    except (OSError, RanklensError) as error:
        log.warning("the evaluation is lost when the program ends: %s", error)
        return None


def listed(library: Library, name: str = "") -> list[EvaluationRecord]:
    """Return the kept evaluations, those of one question set only if it is named; newest first."""
    _import_of_before(library)
    return [one for one in library.evaluations.all() if not name or one.name == name]


def rankings(library: Library, key: str = LAST) -> Evaluation:
    """Return a kept evaluation as it was measured; raises `NotThere`."""
    _import_of_before(library)
    return library.evaluations.rankings(key)


def present(library: Library, key: str = LAST) -> Evaluation:
    """Return a kept evaluation with the judgements of now; raises `NotThere`."""
    return with_present_grades(library, rankings(library, key))


def figures(
    library: Library, key: str = LAST, metrics: Sequence[str] = (), gates: Sequence[str] = ()
) -> tuple[Figures, list[GateOutcome]]:
    """Return an evaluation's figures with the judgements of now, and what became of gates.

    Raises `NotThere`, and `SettingsError` for an unknown metric or gate.
    """
    return figures_and_gates(present(library, key), metrics, gates)


def file(library: Library, key: str = LAST) -> Path:
    """Return the file of an evaluation's rankings; raises `NotThere`."""
    _import_of_before(library)
    return library.evaluations.path(library.evaluations.record(key).id)


def report_page(found: Figures) -> str:
    """Return the report of an evaluation, one HTML page that needs no network."""
    from rag.evaluate.reports.report import html

    return html(found)


def figures_as_json(found: Figures) -> str:
    """Return all figures as JSON, for other programs."""
    return json.dumps(outside(found), ensure_ascii=False, indent=2, allow_nan=False)


# Two of them compared


@dataclass(frozen=True, slots=True)
class PipelineChange:
    """A pipeline in two evaluations: what changed for the questions that both asked.

    ``options`` are those that differ, each with both values.
    """

    label: str
    sentence: str
    difference: Difference
    options: tuple[tuple[str, str, str], ...]

    @property
    def kind(self) -> str:
        """Whether the corrected test shows it: "better", "worse", or nothing."""
        if not self.difference.shown:
            return ""
        return "better" if self.difference.interval.mean > 0 else "worse"


@dataclass(frozen=True, slots=True)
class EvaluationChanges:
    """Two evaluations: the facts in which they differ, and every pipeline that both measured."""

    before: EvaluationRecord
    after: EvaluationRecord
    facts: tuple[tuple[str, str, str], ...]
    pipelines: tuple[PipelineChange, ...]
    notes: tuple[str, ...]


def changes(library: Library, before: str, after: str) -> EvaluationChanges:
    """Compare two kept evaluations with the judgements of now; raises `NotThere`."""
    held = [library.evaluations.record(key) for key in (before, after)]
    found = [figures_of(present(library, key)) for key in (before, after)]
    first, second = ({one.run.name: one for one in figures.runs} for figures in found)
    both = [name for name in second if name in first]
    sides = [(_scores(found[0], first[name]), _scores(found[1], second[name])) for name in both]
    unit = found[1].evaluation.unit
    pipelines = tuple(
        PipelineChange(
            pipeline_label(second[name].run),
            _changed(difference, pipeline_label(second[name].run), unit),
            difference,
            tuple(_options(first[name].run, second[name].run)),
        )
        for name, difference in zip(both, compare(sides), strict=True)
    )
    only = [pipeline_label(second[n].run) for n in second if n not in first]
    gone = [pipeline_label(first[n].run) for n in first if n not in second]
    notes = [f"Measured only the second time: {', '.join(only)}." if only else ""]
    notes += [f"Measured only the first time: {', '.join(gone)}." if gone else ""]
    facts = tuple(_facts(held[0], held[1]))
    return EvaluationChanges(held[0], held[1], facts, pipelines, tuple(filter(None, notes)))


def _changed(difference: Difference, label: str, unit: str) -> str:
    if difference.questions and not difference.wins + difference.losses:
        every = plural(difference.questions, "question")
        return f"{label} left the right {unit} where it was for each of {every}."
    return sentence(difference, label, " than before", unit)


def _scores(found: Figures, figures: RunFigures) -> dict[str, float]:
    """Return the first metric of a pipeline's last stage by the question's words."""
    words = {question.id: question.text for question in found.evaluation.questions}
    stage = figures.stages.get(figures.run.last)
    return {words[q]: score for q, score in stage.scores[PRIMARY].items()} if stage else {}


def _options(before: Run, after: Run) -> Iterator[tuple[str, str, str]]:
    for name in sorted(before.settings.keys() | after.settings.keys()):
        old, new = (str(run.settings.get(name, "–")) for run in (before, after))
        if old != new:
            yield name, old, new


def _facts(before: EvaluationRecord, after: EvaluationRecord) -> Iterator[tuple[str, str, str]]:
    for title, name in (
        ("Question set", "name"), ("Collection", "collection"), ("Questions", "questions"),
        ("Documents", "documents"), ("State of the documents", "library"),
        ("Ranklens", "program"),
    ):  # fmt: skip
        old, new = (str(getattr(one, name)) or "–" for one in (before, after))
        if old != new:
            yield title, old, new


# What a row holds


def _described(
    library: Library, evaluation: Evaluation, collection: str, made: datetime
) -> EvaluationRecord:
    found = figures_of(evaluation)
    main = main_comparison(found)
    words = verdict(main, found) if main else None
    state, count = _documents(library, collection)
    return EvaluationRecord(
        name=evaluation.name,
        made=made,
        metric=found.measures[0],
        questions=len(evaluation.questions),
        pipelines=tuple(_measured(one, found.measures[0]) for one in found.runs),
        headline=words.sentence if words else "",
        kind=words.kind if words else "",
        collection=collection,
        program=_program(),
        library=state,
        documents=count,
    )


def _measured(one: RunFigures, metric: str) -> MeasuredPipeline:
    stage = one.stages.get(one.run.last)
    found = stage.metrics[metric] if stage else Interval(math.nan, math.nan, math.nan)
    quality, low, high = map(_number, (found.mean, found.low, found.high))
    label, digest = pipeline_label(one.run), one.run.settings_digest
    return MeasuredPipeline(one.run.name, label, digest, quality, low, high, _number(one.p50))


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _documents(library: Library, collection: str) -> tuple[str, int]:
    """Return a digest that names the documents that were searched, and how many there were."""
    held = library.index.catalogue.ready()
    if collection:
        held = library.collections.documents(collection).ready
    ready = sorted((one.name, one.digest) for one in held)
    return hashlib.sha256(json.dumps(ready).encode()).hexdigest()[:8], len(ready)


def _program() -> str:
    try:
        return version("ranklens")
    except PackageNotFoundError:
        return ""


def _import_of_before(library: Library) -> None:
    """Take the one evaluation that older versions kept into the list, once."""
    path = library.settings.library / BEFORE
    if not path.is_file():
        return
    try:
        evaluation = load(path)
    except RanklensError as error:
        log.warning("the evaluation of an older version stays out of the list: %s", error)
        return
    made = datetime.fromisoformat(evaluation.made).astimezone(UTC)
    if keep(library, evaluation, made=made):  # else it waits for somebody who may
        path.unlink(missing_ok=True)


def as_json(record: EvaluationRecord) -> dict[str, Any]:
    """Return a record as JSON's own types, for other programs."""
    return {**asdict(record), "made": record.made.isoformat(timespec="seconds")}
