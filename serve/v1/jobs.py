"""Jobs: long work in the background, followed, stopped, and its result."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel
from starlette.concurrency import run_in_threadpool

from ranklens import job_results
from ranklens.jobs import Job
from serve.bodies import ApiRoute
from serve.dependencies import Opened
from serve.events import EVENTS, admit, follow, stream

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], route_class=ApiRoute)


class JobState(BaseModel):
    """A job: what it does, how far it is, and why it failed if it did.

    `result` is the address of the result of a job that is done. One that the end of the program
    interrupted has done what `done` counts.
    """

    id: str
    kind: str
    what: str
    unit: str
    done: int
    total: int
    running: bool
    stopping: bool
    state: Literal["running", "done", "failed", "stopped", "interrupted"]
    started: datetime | None
    ended: datetime | None
    error: str
    result: str | None

    @classmethod
    def of(cls, job: Job) -> JobState:
        """Describe a job as it is now."""
        running = job.running
        finished = f"/api/v1/jobs/{job.id}/result" if job.has_result and not running else None
        return cls(
            id=job.id, kind=job.kind, what=job.what, unit=job.unit, done=job.done,
            total=job.total, running=running, stopping=running and job.stop.is_set(),
            state=job.state, started=job.started, ended=job.ended, error=job.error,
            result=finished,
        )  # fmt: skip


@router.get("")
def list_jobs(library: Opened) -> list[JobState]:
    """List the last hundred jobs, those before the last start of the program too."""
    return [JobState.of(job) for job in library.jobs.all()]


@router.get("/{job_id}")
def show_job(job_id: str, library: Opened) -> JobState:
    """Show how far a job is."""
    return JobState.of(job_results.job(library, job_id))


@router.get("/{job_id}/events", openapi_extra=EVENTS)
async def follow_job(job_id: str, library: Opened, request: Request) -> Response:
    """Follow a job: an event `progress` at each change, and `done` when it has ended."""
    admit(request)
    job = job_results.job(library, job_id)

    def look() -> tuple[bool, Any]:
        # What another process runs is read anew, from what that has written down.
        state = JobState.of(job_results.job(library, job_id) if job.elsewhere else job)
        return not state.running, state.model_dump(mode="json")

    return stream(follow(request, job_id, lambda: run_in_threadpool(look)))


@router.get("/{job_id}/result")
def show_result(job_id: str, library: Opened) -> dict[str, Any]:
    """Return what a job that is done came to; its form depends on the kind."""
    return job_results.result(job_results.job(library, job_id))


@router.post("/{job_id}/stop", status_code=202)
def stop_job(job_id: str, library: Opened) -> JobState:
    """Stop a job at its next step, whichever process of the library runs it."""
    job = job_results.job(library, job_id)
    job.end()
    return JobState.of(job)
