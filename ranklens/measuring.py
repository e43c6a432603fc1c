"""Measuring: what each stage of each pipeline gains, on judged questions.

The questions are a question set of the library, or a folder (in BEIR's layout, or documents with
questions), which gets a library of its own.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from os import PathLike
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING
from zipfile import ZIP_DEFLATED, ZipFile

from ingest import datasets
from ingest.datasets import irds, prepare
from rag.errors import NotThere, SettingsError
from rag.evaluate.data import Evaluation, Grades, ModelGrades, Question, Unit
from rag.evaluate.experiments.pipelines import Variants, resolve
from rag.evaluate.experiments.run import evaluate
from rag.evaluate.experiments.saved import load, opened, save, to_json
from rag.evaluate.judgements.files import encoded, to_run
from rag.evaluate.measures.answers import UNANSWERABLE, unanswerable
from rag.evaluate.measures.figures import Figures, figures, outside
from rag.evaluate.measures.gates import Gate, GateOutcome, check, parse_gate
from rag.evaluate.measures.metrics import DEFAULT, metric_label
from rag.evaluate.measures.metrics import checked as checked_metric
from rag.evaluate.progress import Interrupted, OnProgress
from rag.retrieve.filters import of_settings
from rag.settings import Settings, from_trace
from rag.types import Trace
from ranklens import model_grades

if TYPE_CHECKING:
    from ingest.progress import IndexingProgress
    from rag.evaluate.judgements.spans import Spans
    from rag.evaluate.judgements.store import JudgementStore
    from rag.pipeline import Pipeline
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


@dataclass(frozen=True, slots=True)
class JudgedSet:
    """Questions to be asked of an open library, and what is relevant to them.

    ``grades`` is question id → item → grade; ``unit`` is what an item is. ``notes`` are what was
    lost on the way, in words. ``collection`` is the one whose documents are asked; a folder's
    library is asked as a whole.
    """

    name: str
    library: Library
    questions: tuple[Question, ...]
    grades: Grades
    unit: Unit
    notes: tuple[str, ...]
    collection: str = ""
    judged_spans: Callable[[], Spans] | None = None

    @property
    def spans(self) -> Spans:
        """The relevant spans of the documents' texts, which hold for any chunking.

        Worked out anew at each call: a folder's from its quotes, else from people's judgements.
        """
        if self.judged_spans:
            return self.judged_spans()
        held = self.library.judgements.spans([question.text for question in self.questions])
        return {q.id: held[q.text] for q in self.questions if q.text in held}

    @property
    def pipeline(self) -> Pipeline:
        """What the questions are asked of."""
        if not self.collection:
            return self.library.pipeline
        return self.library.pipeline_in(self.collection)

    @property
    def languages(self) -> tuple[str, ...] | None:
        """The languages of the collection's documents, frequent first; None for all documents."""
        if not self.collection:
            return None
        return self.library.collections.documents(self.collection).languages

    @property
    def judged(self) -> list[Question]:
        """The questions with a relevant item; only these can be measured."""
        return [q for q in self.questions if any(g > 0 for g in self.grades.get(q.id, {}).values())]

    @property
    def unanswerable(self) -> list[Question]:
        """The questions that the set marks as unanswerable and that nothing is relevant to."""
        judged = {question.id for question in self.judged}
        return [q for q in self.questions if unanswerable(q) and q.id not in judged]


@contextmanager
def opened_set(
    open_library: Callable[..., Library],
    settings: Settings,
    source: str,
    *,
    work: Path | None = None,
    limit: int | None = None,
    on_indexing: Callable[[IndexingProgress], None] | None = None,
    stop: Event | None = None,
    collection: str = "",
) -> Iterator[JudgedSet]:
    """Open the library that ``source`` is measured on, a folder or the name of a question set.

    ``open_library`` is `Library.open`. A folder is indexed in a library of its own (``work``, else
    beside the user's), which is kept and reused. ``limit`` takes the first questions only. A
    question set is asked of its own collection unless another one is named. Raises
    `Interrupted` if ``stop`` is set while documents are indexed, `NotThere` if there is no
    such folder or set.
    """
    if _is_folder(source):
        dataset = datasets.read_source(source, settings.max_file_mb).limited(limit)
        folder = work.expanduser().absolute() if work else prepare.work_folder(settings, dataset)
        # One that was indexed with another encoder or other chunks is indexed again.
        own = settings.updated(library=folder, database_url="", files_url="", chroma_url="")
        with open_library(own, reindex=True) as library:
            if not prepare.fill(library, dataset, on_indexing, stop):
                raise Interrupted("stopped while documents were indexed")
            grades, notes = prepare.grades_for(library, dataset)
            yield JudgedSet(
                dataset.name, library, dataset.questions, grades, dataset.unit, notes,
                judged_spans=partial(prepare.spans_for, library, dataset),
            )  # fmt: skip
        return
    if work:
        raise SettingsError("--work is for folders; a question set uses the library")
    with open_library(settings, create=False) as library:
        yield question_set(library, source, limit, collection=collection)


def question_set(
    library: Library,
    name: str,
    limit: int | None = None,
    folders: bool = True,
    collection: str = "",
) -> JudgedSet:
    """Return a question set of the library with people's judgements as they are now.

    ``folders``: the name might have been that of a folder; the error mentions it. Its own
    collection is asked unless another one is named; raises `FilterError` if that is not there.
    """
    names = library.question_sets.names()
    if name not in names:
        there = ", ".join(names) or "none"
        raise NotThere(
            f"{name!r} is {'neither a folder nor a' if folders else 'no'} question set of "
            f"{library.settings.library} (there are {there})"
        )
    questions = library.question_sets.questions(name)[:limit]
    grades, unit, notes = graded(library, questions)
    asked = library.collections.asked(collection or library.question_sets.collection_of(name))
    return JudgedSet(name, library, questions, grades, unit, notes, asked)


def own_questions(
    library: Library,
    questions: str | Sequence[str],
    limit: int | None = None,
    collection: str = "",
) -> JudgedSet:
    """Return a set of the library by its name, or the questions themselves, judged as they are now.

    No folder is read, so it suits those who may not open any. Raises `NotThere`.
    """
    if isinstance(questions, str):
        return question_set(library, questions, limit, False, collection)
    asked = tuple(Question(f"q{n}", text) for n, text in enumerate(questions[:limit], 1))
    within = library.collections.asked(collection)
    return JudgedSet("questions", library, asked, *graded(library, asked), within)


@contextmanager
def judged_set(
    library: Library,
    questions: str | PathLike[str] | Iterable[str],
    stop: Event | None = None,
    collection: str = "",
) -> Iterator[JudgedSet]:
    """Yield a question set of the library, a folder's, or one of the questions themselves."""
    if isinstance(questions, str | PathLike):
        source = str(questions)
        if source in library.question_sets.names() or not _is_folder(source):
            yield question_set(library, source, collection=collection)
        else:
            with opened_set(type(library).open, library.settings, source, stop=stop) as judged:
                yield judged
        return
    yield own_questions(library, list(questions), collection=collection)


def _is_folder(source: str) -> bool:
    return irds.named(source) or "/" in source or Path(source).expanduser().is_dir()


def graded(
    library: Library, questions: tuple[Question, ...]
) -> tuple[Grades, Unit, tuple[str, ...]]:
    """Return (question id → item → grade, what an item is, notes) as people have judged so far."""
    return _graded(version(library), library.judgements, questions)


@lru_cache(maxsize=8)
def _graded(
    _version: int, store: JudgementStore, questions: tuple[Question, ...]
) -> tuple[Grades, Unit, tuple[str, ...]]:
    """Read once for each version: the pages ask again with every click."""
    qrels = store.qrels([question.text for question in questions])
    found = {q.id: dict(qrels.grades[q.text]) for q in questions if q.text in qrels.grades}
    return found, qrels.unit, qrels.notes


def version(library: Library) -> int:
    """Return what changes with every judgement, document and reader: for what is kept meanwhile."""
    documents = tuple((one.id, one.digest) for one in library.index.catalogue.ready())
    return hash((library.reader, library.judgements.version(), documents))


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
        by_model=_audited(judged.library, judged.questions, judged.grades, judged.unit),
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
    people, unit, _ = graded(library, held.questions)
    return _audited(library, held.questions, people, unit, held.model)


def _audited(
    library: Library, questions: Sequence[Question], people: Grades, unit: Unit, model: str = ""
) -> ModelGrades | None:
    if unit == "document":  # a model grades passages
        return None
    return model_grades.audited(library, questions, people, model)
