"""Jobs by their ids, and what they came to: for other programs, and in every process."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter

from rag.errors import LibraryError, NotThere, RanklensError
from ranklens import question_sets
from ranklens.comparison import ComparedRankings
from ranklens.job_kinds import RANK, WRITE
from ranklens.jobs import RESULT_MB, Job
from ranklens.question_sets import QuestionsWritten

if TYPE_CHECKING:
    from ranklens.library import Library

_RANKED, _WRITTEN = TypeAdapter(ComparedRankings), TypeAdapter(QuestionsWritten)


def job(library: Library, job_id: str) -> Job:
    """Return a job by its id; raises `NotThere` if it is not among the last hundred."""
    if found := library.jobs.by_id(job_id):
        return found
    raise NotThere(f"there is no job {job_id!r}; the last hundred are kept")


def result(job: Job) -> dict[str, Any]:
    """Return a job's result as JSON's own types, whichever process ran it.

    Raises `LibraryError` while it runs, and `RanklensError` with its reason if it failed.
    """
    if job.running:
        raise LibraryError("the job is still running")
    if job.error:
        raise RanklensError(job.error)
    if (found := job.outside()) is not None:
        return found
    raise NotThere(
        f"the job {job.what!r} has no result for other programs, or one that is larger than "
        f"{RESULT_MB:g} MB: that is kept in the process that ran it, until a later job of its kind"
    )


def ranked(library: Library, job_id: str) -> ComparedRankings:
    """Return what a job has ranked; raises `NotThere` if it was another job, or is of before."""
    done = job(library, job_id)
    if done.kind != RANK:
        raise NotThere(f"the job {job_id!r} has ranked no questions")
    return _RANKED.validate_python(result(done))


def keep_drafts(
    library: Library, job_id: str, name: str, chosen: Sequence[int] | None = None
) -> tuple[str, int]:
    """Keep questions that a job wrote, by their places from 0; returns the set and how many.

    Raises `NotThere` if there is no such job or place, `LibraryError` while it runs.
    """
    done = job(library, job_id)
    found = result(done)
    if done.kind != WRITE:
        raise NotThere(f"the job {job_id!r} has written no questions")
    drafts = _WRITTEN.validate_python(found)
    places = range(len(drafts.written)) if chosen is None else chosen
    if any(not 0 <= place < len(drafts.written) for place in places):
        raise NotThere(f"the job wrote {len(drafts.written)} questions; they count from 0")
    return question_sets.keep_drafts(library, name, drafts, [drafts.written[p] for p in places])
