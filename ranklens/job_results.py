"""Jobs by their ids, and what they found: for those who ask from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rag.errors import LibraryError, NotThere, RanklensError
from ranklens import (
    advising,
    comparison,
    fitting,
    graded_answers,
    learning,
    measuring,
    question_sets,
    sweeping,
    tuning,
)
from ranklens.background import (
    ADD,
    ADVISE,
    ANSWERS,
    FIT,
    IMPORT,
    LEARN,
    MEASURE,
    PROPOSE,
    PULL,
    RANK,
    REBUILD,
    SPEED,
    SWEEP,
    TUNE,
    VERIFY,
    WRITE,
)  # fmt: skip
from ranklens.jobs import Job

if TYPE_CHECKING:
    from ranklens.library import Library


def job(library: Library, job_id: str) -> Job:
    """Return a job by its id; raises `NotThere` if it is not among the last hundred."""
    if found := library.jobs.by_id(job_id):
        return found
    raise NotThere(f"there is no job {job_id!r}; the last hundred are kept")


def result(job: Job) -> dict[str, Any]:
    """Return a job's result as JSON's own types, for other programs.

    Raises `LibraryError` while it runs, and `RanklensError` with its reason if it failed.
    """
    if job.running:
        raise LibraryError("the job is still running")
    if job.error:
        raise RanklensError(job.error)
    if job.earlier:
        raise NotThere(
            "this process has no result of that job: another one ran it, this one was started "
            "again, or a later job of its kind took its place; `/v1/evaluations` has what was "
            "measured"
        )
    if job.kind not in _FORMS:
        raise NotThere(f"a job of the kind {job.kind!r} has no result for other programs")
    return _FORMS[job.kind](job.result)


def ranked(library: Library, job_id: str) -> comparison.ComparedRankings:
    """Return what a job has ranked; raises `NotThere` if it was another job, or is of before."""
    done = job(library, job_id)
    if done.kind != RANK:
        raise NotThere(f"the job {job_id!r} has ranked no questions")
    result(done)
    compared: comparison.ComparedRankings = done.result
    return compared


def keep_drafts(
    library: Library, job_id: str, name: str, chosen: Sequence[int] | None = None
) -> tuple[str, int]:
    """Keep questions that a job wrote, by their places from 0; returns the set and how many.

    Raises `NotThere` if there is no such job or place, `LibraryError` while it runs.
    """
    written = job(library, job_id)
    result(written)
    if written.kind != WRITE:
        raise NotThere(f"the job {job_id!r} has written no questions")
    drafts = written.result.written
    places = range(len(drafts)) if chosen is None else chosen
    if any(not 0 <= place < len(drafts) for place in places):
        raise NotThere(f"the job wrote {len(drafts)} questions; they count from 0")
    return question_sets.keep_drafts(library, name, written.result, [drafts[p] for p in places])


def _fit_form(found: fitting.Fit) -> dict[str, Any]:
    summary = [{"part": p.title, "choice": p.choice, "worth": p.worth} for p in found.summary()]
    names = ("name", "options", "questions", "seconds", "failed")
    return {
        **{name: getattr(found, name) for name in names},
        "parts": found.parts(),
        "summary": summary,
    }


_FORMS: Mapping[str, Callable[[Any], dict[str, Any]]] = {
    MEASURE: lambda evaluation: measuring.outside(measuring.figures_of(evaluation)),
    FIT: _fit_form,
    ADVISE: advising.outside,
    LEARN: learning.outside,
    SWEEP: sweeping.outside,
    RANK: asdict,
    IMPORT: asdict,
    TUNE: tuning.outside,
    ANSWERS: graded_answers.outside,
    PROPOSE: asdict,
    WRITE: asdict,
    PULL: lambda name: {"model": name},
    ADD: lambda outcomes: {"outcomes": [asdict(one) for one in outcomes]},
    VERIFY: asdict,
    REBUILD: asdict,
    SPEED: lambda found: {"speeds": {name: asdict(speed) for name, speed in found.items()}},
}
