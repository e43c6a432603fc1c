"""Measuring in the background: it goes on when the page is left, and can be stopped."""

from __future__ import annotations

import logging
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import streamlit as st

from rag.errors import RanklensError
from rag.evaluate.data import Evaluation, Grades, Question, Unit
from rag.evaluate.experiments import saved
from rag.evaluate.experiments.run import Variants, evaluate
from rag.evaluate.judgements.store import JudgementStore
from ranklens.jobs import Job, Work
from ui.shared import frame

if TYPE_CHECKING:
    from ranklens.library import Library

log = logging.getLogger(__name__)

EVERY = 0.7
LAST = "last-measured.json.gz"
Graded = tuple[Grades, Unit, tuple[str, ...]]


def opened(library: Library, kind: str, name: str, data: bytes) -> None:
    """Show a saved evaluation in place of the last one; raises `RanklensError` where it is none."""
    with tempfile.TemporaryDirectory(prefix="ranklens-") as folder:
        path = Path(folder) / ("saved.json.gz" if name.endswith(".gz") else "saved.json")
        path.write_bytes(data)
        try:
            evaluation = saved.load(path)
        except RanklensError as error:
            raise RanklensError(str(error).replace(str(path), name)) from None
    job = Job(lambda job: evaluation, name, result=evaluation, replayed=True)
    library.jobs.keep(kind, job)


def follow(library: Library, kind: str, problem: str = "Not measured") -> Job | None:
    """Show the kind's last job while it runs, or why it failed; return it once it is done."""
    return followed(library.jobs.last(kind), kind, problem)


def followed(job: Job | None, kind: str, problem: str) -> Job | None:
    """Show a job while it runs, or why it failed; return it once it is done."""
    if job is None:
        return None
    if job.running:
        st.fragment(_poll, run_every=EVERY)(kind, job)
        return None
    if job.error:
        frame.notice(job.error, problem, "warn")
        return None
    return job


def measured(
    library: Library,
    name: str,
    questions: tuple[Question, ...],
    variants: Variants,
    frozen: bool,
    answers: bool = False,
) -> Work:
    """Return the work of asking all judged questions of all pipelines; the result is kept."""
    found, unit, notes = graded(library, questions)

    def work(job: Job) -> Evaluation:
        evaluation = evaluate(
            name, library.pipeline, variants, questions, found, unit, frozen=frozen,
            answers=answers, notes=notes, on_progress=job.advance, stop=job.stop,
        )  # fmt: skip
        try:
            saved.save(evaluation, library.settings.library / LAST)
        except OSError as error:
            log.warning("the evaluation is lost when the program ends: %s", error)
        return evaluation

    return work


def reopen(library: Library, kind: str) -> None:
    """Take the library's last evaluation up again after a restart."""
    path = library.settings.library / LAST
    if library.jobs.last(kind) or not path.exists():
        return
    job = Job(lambda _job: None, LAST)
    try:
        job.result = saved.load(path)
    except RanklensError as error:
        job.error = str(error)
    library.jobs.keep(kind, job)


def graded(library: Library, questions: tuple[Question, ...]) -> Graded:
    """Return (question id → item → grade, what an item is, notes) as people have judged so far."""
    return _graded(hash((stamp(library), questions)), library.judgements, questions)


@st.cache_resource(max_entries=8, show_spinner=False)
def _graded(key: int, _store: JudgementStore, _questions: tuple[Question, ...]) -> Graded:
    judged = _store.qrels([question.text for question in _questions])
    found = {q.id: dict(judged.grades[q.text]) for q in _questions if q.text in judged.grades}
    return found, judged.unit, judged.notes


def stamp(library: Library) -> int:
    """Return what changes with every judgement and every document: for what is kept meanwhile."""
    catalogue = library.index.catalogue
    documents = tuple((one.id, one.digest) for one in catalogue.ready())
    return hash((id(catalogue), library.judgements.version(), documents))


def with_present_grades(library: Library, evaluation: Evaluation) -> Evaluation:
    """Return the evaluation with the judgements of now: the same rankings, other figures.

    As it was where its unit has changed or none of its passages is judged any more (another
    chunking has other passages). Questions that have lost their last relevant passage stay, with
    the grades that they had.
    """
    sets = library.question_sets
    if evaluation.name not in sets.names():
        return evaluation
    found, unit, _ = graded(library, evaluation.questions)
    known = {item for grades_ in evaluation.grades.values() for item in grades_}
    now = {item for grades_ in found.values() for item in grades_}
    if unit != evaluation.unit or not known & now:
        return evaluation
    relevant = {q: given for q, given in found.items() if any(g > 0 for g in given.values())}
    return replace(evaluation, grades={**evaluation.grades, **relevant})


def _poll(kind: str, job: Job) -> None:
    if not job.running:
        st.rerun()
    share = job.done / job.total if job.total else 0.0
    count = f"{job.done:,} of {job.total:,} {job.unit}" if job.total else "Loading the models"
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(gap="xsmall"):
            st.html(f'<p class="rl-say">{frame.escape(job.what)}: {count}</p>')
            st.progress(min(share, 1.0))
        st.button("Stop", icon=":material/stop_circle:", key=f"stop_{kind}", on_click=job.stop.set)
